import { thingPrefix } from '#contract/object-key.ts'
import { createSigner } from '#contract/sigv4.ts'
import { createUploadApi, type UploadApi } from './by-url/upload-api.ts'
import { createApiCaller } from './call-api.ts'
import { type CorrectedRuntime, checkValidityThere, learnTimeFrom } from './corrected-runtime.ts'
import { type CredentialCache, createCredentialCache } from './credential-cache.ts'
import { askForTime, fetchCredentials } from './credentials.ts'
import type { Identity } from './device-folder.ts'
import type { Journal } from './journal/journal.ts'
import { type BandwidthLimit, limitBandwidth } from './limit-bandwidth.ts'
import { bucketUrl } from './put-object.ts'
import type { Uploader } from './send-to-s3.ts'

/** What a device keeps open as long as it has one certificate. */
export interface Session {
  /** The certificate file that it was opened with. */
  readonly stamp: string | undefined
  readonly identity: Identity
  readonly credentials: CredentialCache
  readonly uploader: Uploader
  readonly uploadApi: UploadApi
  /** Throws CERTIFICATE_NOT_YET_VALID, CERTIFICATE_EXPIRED. */
  checkValidity(): Promise<void>
  /** Opened at the first use. Throws JOURNAL_UNUSABLE. */
  journal(): Journal
  close(): void
}

interface SessionOptions {
  readonly dir: string
  readonly identity: Identity
  readonly stamp: string | undefined
  readonly concurrency: number
  readonly bandwidth: BandwidthLimit | undefined
  readonly runtime: CorrectedRuntime
}

const idleTimeoutMs = 60_000

export function openSession({ dir, identity, stamp, concurrency, bandwidth, runtime }: SessionOptions): Session {
  const { certificate, configuration, tls } = identity
  const { bucket, region, thingName } = configuration
  const trust = tls.ca === undefined ? {} : { ca: tls.ca }
  const mutual = learnTimeFrom(runtime.openHttp({ tls, maxConnections: 1, idleTimeoutMs }), runtime)
  const transport = learnTimeFrom(runtime.openHttp({ tls: trust, maxConnections: concurrency, idleTimeoutMs }), runtime)
  const checkValidity = () => checkValidityThere(certificate, runtime, () => askForTime(mutual, configuration))
  const credentials = createCredentialCache(async () => {
    await checkValidity()
    return await fetchCredentials(mutual, configuration)
  }, runtime)
  const toBucket = bandwidth === undefined ? transport : limitBandwidth(transport, bandwidth, runtime)
  const target = { url: bucketUrl(configuration), transport: toBucket, sign: createSigner('s3', region) }
  const codes = { refused: 'UPLOAD_DENIED', unavailable: 'UPLOAD_UNAVAILABLE' } as const
  const call = createApiCaller({ configuration, credentials: credentials.get, transport, runtime, codes })
  let opened: Journal | undefined
  return {
    identity,
    stamp,
    credentials,
    checkValidity,
    uploadApi: createUploadApi(call, thingName),
    uploader: { thingName, bucket: target, credentials, runtime },
    journal() {
      opened ??= runtime.openJournal({ dir, bucket, keyPrefix: thingPrefix(thingName), clock: runtime.clock })
      return opened
    },
    close() {
      mutual.close()
      transport.close()
      opened?.close()
    },
  }
}
