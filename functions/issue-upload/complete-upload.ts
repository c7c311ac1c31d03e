import { Fault } from '#contract/fault.ts'
import type { CompleteUploadRequest, SettleUploadResponse } from '#contract/uploads-api.ts'
import { findUpload, type PartedUpload, requireOpenParts } from './find-upload.ts'
import type { Issuing } from './issuing.ts'
import type { StoredPart } from './multipart-uploads.ts'
import { countParts, sizeOfPart } from './plan-parts.ts'

/** How many missing parts are named. */
const namedParts = 10

/**
 * Makes the object of an upload's parts, once all of them are there. Completing again answers the same. Throws NOT_FOUND,
 * UPLOAD_STATE, UPLOAD_INCOMPLETE, and UPLOAD_REFUSED for a file that is not what was announced.
 */
export async function completeUpload(
  issuing: Issuing,
  { thingName, uploadId }: { thingName: string; uploadId: string },
  request: CompleteUploadRequest,
): Promise<SettleUploadResponse> {
  const { uploads, quotas, multipart, clock } = issuing
  const now = clock()
  const found = await findUpload(uploads, thingName, uploadId)
  const { key } = found
  if (found.state === 'arrived') return { uploadId, key, state: 'arrived', ...etagOf(found) }
  const upload = requireOpenParts(found, now)
  const crc32 = chooseChecksum(upload, request)
  const parts = await orUnknown(upload, multipart.listParts(key, upload.multipartId))
  requireAllParts(upload, parts)
  const { multipartId, sizeBytes } = upload
  const completion = multipart.complete(key, multipartId, { parts, crc32, sizeBytes })
  const etag = await orUnknown(upload, completion).catch((error: Error) => refuseDigest(issuing, upload, error, now))
  // S3's event says the same, a moment later: whoever asks again before is answered as well.
  await uploads.arrive({ thingName, uploadId, key, etag, arrivedAt: now.toISOString() })
  await quotas.close(thingName, uploadId)
  return { uploadId, key, state: 'arrived', ...etagOf({ etag }) }
}

function etagOf({ etag }: { readonly etag?: string | undefined }): { etag?: string } {
  return etag === undefined ? {} : { etag }
}

function chooseChecksum(upload: PartedUpload, request: CompleteUploadRequest): string {
  const crc32 = request.crc32 ?? upload.crc32
  if (crc32 === undefined) {
    throw new Fault('REQUEST_INVALID', 'crc32: is needed, as the upload was created without it')
  }
  if (upload.crc32 === undefined || upload.crc32 === crc32) return crc32
  throw new Fault('REQUEST_INVALID', 'crc32: is another than the upload was created with')
}

function requireAllParts(upload: PartedUpload, stored: readonly StoredPart[]): void {
  const sizes = new Map(stored.map(({ number, sizeBytes }) => [number, sizeBytes]))
  const numbers = Array.from({ length: countParts(upload) }, (_, index) => index + 1)
  const missing = numbers.filter((number) => sizes.get(number) !== sizeOfPart(number, upload))
  if (missing.length === 0) return
  const named = missing.slice(0, namedParts).join(', ')
  const others = missing.length > namedParts ? ` and ${missing.length - namedParts} more` : ''
  throw new Fault('UPLOAD_INCOMPLETE', `these parts are not there: ${named}${others}`, {
    hint: 'send them, and complete the upload again',
  })
}

/** S3 forgets an upload that was completed or aborted: by another request, or by the sweep. */
async function orUnknown<T>(upload: PartedUpload, answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if ((error as Error).name !== 'NoSuchUpload') throw error
    throw new Fault('UPLOAD_STATE', `S3 does not know the parts of ${upload.uploadId} any more`, {
      hint: 'create it anew, with the same idempotency key: that says whether it arrived',
    })
  }
}

async function refuseDigest(
  { uploads, quotas, multipart }: Issuing,
  upload: PartedUpload,
  error: Error,
  now: Date,
): Promise<string | undefined> {
  // The key has its object: a completion before this one, of which nobody heard.
  if (error.name === 'PreconditionFailed') return undefined
  if (error.name !== 'BadDigest') throw error
  await multipart.abort(upload.key, upload.multipartId)
  await uploads.settle(upload, 'refused', error.name, now)
  await quotas.close(upload.thingName, upload.uploadId)
  throw new Fault('UPLOAD_REFUSED', 'the parts together do not have the checksum that was announced', {
    cause: error,
    hint: 'the file changed while it was sent, or was sent wrongly: create the upload anew',
  })
}
