import { formatObjectKey } from '#contract/object-key.ts'
import type { CredentialCache } from './credential-cache.ts'
import { DeviceFault } from './device-fault.ts'
import { type Bucket, putObject } from './put-object.ts'
import { type RetryOptions, retry } from './retry.ts'
import type { Runtime } from './runtime.ts'
import { openSourceFile, type SourceFile } from './source-file.ts'

export interface UploadedFile {
  readonly path: string
  readonly key: string
  readonly sizeBytes: number
  readonly durationMs: number
}

export interface Uploader {
  readonly thingName: string
  readonly bucket: Bucket
  readonly credentials: CredentialCache
  readonly runtime: Runtime
}

/**
 * Sends one file under a key of its own, which it keeps through every retry; the uploader is asked for before each, as
 * the device may have renewed its certificate. Throws DeviceFault (FILE_…, UPLOAD_…, the credentials',
 * the connection's), or the contract's Fault for a name that makes no object key.
 */
export async function uploadFile(
  uploader: () => Uploader,
  path: string,
  retrying: RetryOptions,
): Promise<UploadedFile> {
  const { thingName, runtime } = uploader()
  const started = runtime.monotonicMs()
  const file = openSourceFile(path)
  try {
    const day = runtime.clock().toISOString().slice(0, 10)
    const uploadId = Buffer.from(runtime.randomBytes(8)).toString('hex')
    const key = formatObjectKey({ thingName, day, uploadId, name: file.name })
    await retry((attempt) => attemptUpload(uploader(), key, file, attempt, retrying.signal), runtime, retrying)
    return { path, key, sizeBytes: file.sizeBytes, durationMs: runtime.monotonicMs() - started }
  } finally {
    file.close()
  }
}

async function attemptUpload(
  { bucket, credentials }: Uploader,
  key: string,
  file: SourceFile,
  attempt: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const current = await credentials.get()
  try {
    await putObject(bucket, key, file, current, signal)
  } catch (error) {
    if (!(error instanceof DeviceFault)) throw error
    // Nobody else can know the key, so what is there was put by an attempt whose answer was lost.
    if (error.code === 'OBJECT_EXISTS' && attempt > 1) return
    if (error.code !== 'CREDENTIALS_EXPIRED') throw error
    credentials.discard(current)
    await putObject(bucket, key, file, await credentials.get(), signal)
  }
}
