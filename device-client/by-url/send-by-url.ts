import { setImmediate } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { Fault } from '#contract/fault.ts'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import type { CreateUploadResponse } from '#contract/uploads-api.ts'
import { DeviceFault } from '../device-fault.ts'
import { encodeCrc32 } from '../put-payload.ts'
import { retry } from '../retry.ts'
import type { Sending } from '../send-multipart.ts'
import type { Content } from '../source-file.ts'
import { putToUrl } from './put-to-url.ts'
import { sendParts } from './send-parts.ts'
import type { UploadApi } from './upload-api.ts'

export interface UrlSending extends Sending {
  /** Asked for before each attempt, as the device may have renewed its certificate. */
  readonly api: () => UploadApi
}

/**
 * Sends a file through URLs that the API hands out, and resolves with the key that it chose. The journal's own key draws the idempotency
 * key, so that whatever was lost on the way, the same upload is asked for again, and says whether it arrived. Throws what
 * CallApi and putToUrl throw.
 */
export async function sendByUrl(sending: UrlSending): Promise<string> {
  const { api, entry, file, headers, runtime, retrying } = sending
  const idempotencyKey = entry.key.slice(entry.key.lastIndexOf('/') + 1).slice(0, 16)
  const request = {
    name: file.name,
    sizeBytes: file.sizeBytes,
    contentType: headers['content-type'] ?? 'application/octet-stream',
    ...(file.sizeBytes <= maxSinglePutBytes && { crc32: encodeCrc32(await checksumOf(file)) }),
  }
  let upload: CreateUploadResponse | undefined

  async function attempt(): Promise<string> {
    upload = await api().create(request, idempotencyKey, retrying.signal)
    if (upload.state === 'arrived') return upload.key
    if (upload.multipart !== undefined) await sendParts(sending, upload, upload.multipart)
    else if (upload.put !== undefined) await put(sending, upload.key, upload.put)
    return upload.key
  }

  try {
    return await retry(() => askTwice(attempt), runtime, retrying)
  } catch (error) {
    const isOver = error instanceof DeviceFault && (error.code === 'UPLOAD_REFUSED' || error.code === 'FILE_CHANGED')
    // Operators see why it never came; else that it expired.
    if (isOver && upload !== undefined)
      await api()
        .abort(upload.uploadId, error.code, retrying.signal)
        .catch(() => {})
    throw error
  }
}

/** A URL, or what signed it, may have ended meanwhile, and parts may be gone: the API says what is next. */
async function askTwice<Result>(attempt: () => Promise<Result>): Promise<Result> {
  try {
    return await attempt()
  } catch (error) {
    if (!hasEnded(error)) throw error
    return await attempt()
  }
}

function hasEnded(error: unknown): boolean {
  if (error instanceof Fault) return error.code === 'UPLOAD_STATE' || error.code === 'UPLOAD_INCOMPLETE'
  return error instanceof DeviceFault && ['UPLOAD_DENIED', 'CREDENTIALS_EXPIRED', 'UPLOAD_GONE'].includes(error.code)
}

async function put(
  { uploader, file, retrying, onBytes }: UrlSending,
  key: string,
  target: NonNullable<CreateUploadResponse['put']>,
): Promise<void> {
  try {
    await putToUrl(uploader(), key, target, file, retrying.signal)
  } catch (error) {
    // The API chose the key for this file alone, so what is there was put by an attempt whose answer was lost.
    if (!(error instanceof DeviceFault && error.code === 'OBJECT_EXISTS')) throw error
  }
  onBytes(file.sizeBytes)
}

/** Read ahead of sending, as the URL has it signed in. Lets others work meanwhile. */
async function checksumOf(file: Content): Promise<number> {
  let checksum = 0
  let count = 0
  for (const chunk of file.read()) {
    checksum = crc32(chunk, checksum)
    if (++count % 16 === 0) await setImmediate()
  }
  return checksum
}
