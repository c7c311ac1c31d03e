import type { Option } from './options.ts'

/** The options of every command. */
export const commonOptions: Readonly<Record<string, Option>> = {
  dir: {
    value: 'DIR',
    env: 'THINGDROP_DEVICE_DIR',
    help: 'folder of the key, certificate and configuration (~/.thingdrop-device)',
  },
  timeout: {
    value: 'SECONDS',
    env: 'THINGDROP_TIMEOUT',
    help: 'how long to try again while the network or the service is not there',
  },
  'retry-base-ms': {
    value: 'MS',
    env: 'THINGDROP_RETRY_BASE_MS',
    help: 'longest wait before the first retry; it doubles up to a minute, with jitter',
  },
  help: { help: 'this text' },
}
