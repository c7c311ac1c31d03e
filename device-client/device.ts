import { connect } from './connect.ts'
import { type CredentialCache, createCredentialCache } from './credential-cache.ts'
import { type Credentials, fetchCredentials } from './credentials.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { type Identity, readIdentity } from './device-folder.ts'
import type { EnrollOptions } from './enroll.ts'
import { createHttpTransport } from './http-transport.ts'
import type { MqttConnection } from './mqtt-connection.ts'
import { bucketUrl } from './put-object.ts'
import { type RetryOptions, retry } from './retry.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import { createSigner } from './sigv4.ts'
import { type UploadedFile, type Uploader, uploadFile } from './upload-file.ts'

export interface DeviceOptions {
  /** The folder of its key, certificate and configuration. */
  readonly dir: string
  /** How many files may be sent at once, each over a connection of its own: 8 when not given. */
  readonly concurrency?: number
  /** Time and chance, for tests and for programs that embed the device. */
  readonly runtime?: Runtime
}

/** One device. Its folder is read at the first use; connections are kept until close. Every method throws DeviceFault or the contract's Fault. */
export interface Device {
  /** What enrollment left. Throws NOT_ENROLLED and the other faults of the folder. */
  configuration(): SavedConfiguration
  /** Trades a claim for a certificate and saves it, in place of what is there. Tries for 5 minutes when not told otherwise. */
  enroll(options: Omit<EnrollOptions, 'dir'>, retrying?: Partial<RetryOptions>): Promise<SavedConfiguration>
  /** Connects to MQTT, waiting for the registration after a first connection. Tries for 5 minutes when not told otherwise. */
  connect(retrying?: Partial<RetryOptions>): Promise<MqttConnection>
  /** Role-alias credentials that are good for some minutes at least; one set is kept. Tries for 2 minutes when not told otherwise. */
  credentials(retrying?: Partial<RetryOptions>): Promise<Credentials>
  /** Sends one regular file of up to 5 GiB to S3. Tries for 5 minutes when not told otherwise. */
  upload(path: string, retrying?: Partial<RetryOptions>): Promise<UploadedFile>
  close(): void
}

interface Session {
  readonly identity: Identity
  readonly credentials: CredentialCache
  readonly uploader: Uploader
  close(): void
}

const slow: RetryOptions = { baseMs: 2000, timeoutMs: 300_000 }
const forCredentials: RetryOptions = { baseMs: 1000, timeoutMs: 120_000 }
const forUploads: RetryOptions = { baseMs: 500, timeoutMs: 300_000 }

/**
 * A device that lives in `dir`, whether it is enrolled yet or not.
 * @example
 * const device = createDevice({ dir: '/var/lib/thingdrop-device' })
 * await device.enroll({ claimUrl })
 * await (await device.connect()).disconnect()
 * const { key } = await device.upload('readings.csv')
 * device.close()
 */
export function createDevice({ dir, concurrency = 8, runtime = systemRuntime }: DeviceOptions): Device {
  let session: Session | undefined

  function open(): Session {
    session ??= openSession(readIdentity(dir), concurrency, runtime)
    return session
  }

  function close(): void {
    session?.close()
    session = undefined
  }

  return {
    configuration: () => open().identity.configuration,
    async enroll(options, retrying) {
      // Only enrollment needs zod, which takes longer to load than all the rest.
      const { enroll } = await import('./enroll.ts')
      const configuration = await enroll({ ...options, dir }, runtime, { ...slow, ...retrying })
      close()
      return configuration
    },
    connect: async (retrying) => connect(open().identity, runtime, { ...slow, ...retrying }),
    credentials: async (retrying) => retry(open().credentials.get, runtime, { ...forCredentials, ...retrying }),
    upload: async (path, retrying) => uploadFile(open().uploader, path, { ...forUploads, ...retrying }),
    close,
  }
}

function openSession(identity: Identity, concurrency: number, runtime: Runtime): Session {
  const { configuration, tls } = identity
  const idleTimeoutMs = 60_000
  const mutual = createHttpTransport({ tls, maxConnections: 1, idleTimeoutMs })
  const storage = createHttpTransport({
    tls: tls.ca === undefined ? {} : { ca: tls.ca },
    maxConnections: concurrency,
    idleTimeoutMs,
  })
  const credentials = createCredentialCache(() => fetchCredentials(mutual, configuration), runtime)
  const bucket = {
    url: bucketUrl(configuration),
    transport: storage,
    sign: createSigner('s3', configuration.region),
    clock: runtime.clock,
  }
  return {
    identity,
    credentials,
    uploader: { thingName: configuration.thingName, bucket, credentials, runtime },
    close() {
      mutual.close()
      storage.close()
    },
  }
}
