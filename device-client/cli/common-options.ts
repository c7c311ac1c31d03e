import { configurationPath } from './configuration-path.ts'
import type { Options } from './options.ts'

/** The options of every command. */
export const commonOptions: Options = {
  dir: {
    value: 'DIR',
    env: 'THINGDROP_DEVICE_DIR',
    help: 'folder of the key, certificate and configuration (~/.thingdrop-device)',
  },
  config: {
    value: 'FILE',
    env: 'THINGDROP_CONFIG',
    help: `JSON file of settings (${configurationPath} if it is there)`,
  },
  timeout: {
    value: 'SECONDS',
    env: 'THINGDROP_TIMEOUT',
    least: 0,
    help: 'how long to try again while the network or the service is not there',
  },
  'retry-base-ms': {
    value: 'MS',
    env: 'THINGDROP_RETRY_BASE_MS',
    least: 1,
    help: 'longest wait before the first retry; it doubles up to a minute, with jitter',
  },
  help: { help: 'this text' },
}
