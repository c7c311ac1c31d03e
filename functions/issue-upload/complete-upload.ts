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
  const { uploads, quotas, clock } = issuing
  const now = clock()
  const found = await findUpload(uploads, thingName, uploadId)
  const { key } = found
  if (found.state === 'arrived') return { uploadId, key, state: 'arrived', ...etagOf(found) }
  const upload = requireOpenParts(found, now)
  const crc32 = chooseChecksum(upload, request)
  const etag = await makeObject(issuing, upload, crc32).catch((error: Error) =>
    settleRefusal(issuing, upload, error, now),
  )
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

async function makeObject({ multipart }: Issuing, upload: PartedUpload, crc32: string): Promise<string> {
  const { key, multipartId, sizeBytes } = upload
  const parts = await multipart.listParts(key, multipartId)
  requireAllParts(upload, parts)
  return multipart.complete(key, multipartId, { parts, crc32, sizeBytes })
}

/** What S3's refusal means. Undefined when the object is there all the same. */
async function settleRefusal(
  { uploads, quotas, multipart }: Issuing,
  upload: PartedUpload,
  error: Error,
  now: Date,
): Promise<string | undefined> {
  const { thingName, uploadId, key, multipartId } = upload
  // The key has its object: a completion before this one, of which nobody heard.
  if (error.name === 'PreconditionFailed') return undefined
  // S3 forgets an upload that was completed or aborted: by another request, or by the sweep.
  if (error.name === 'NoSuchUpload') {
    const present = await findUpload(uploads, thingName, uploadId)
    if (present.state === 'arrived') return present.etag
    throw new Fault('UPLOAD_STATE', `S3 does not know the parts of ${uploadId} any more`, {
      hint: 'if it was completed, that is known in a moment: complete it again; else create it anew, with the same idempotency key',
      retryAfterSeconds: 2,
    })
  }
  if (error.name !== 'BadDigest') throw error
  await multipart.abort(key, multipartId)
  await uploads.settle(upload, 'refused', error.name, now)
  await quotas.close(thingName, uploadId)
  throw new Fault('UPLOAD_REFUSED', 'the parts together do not have the checksum that was announced', {
    cause: error,
    hint: 'the file changed while it was sent, or was sent wrongly: create the upload anew',
  })
}
