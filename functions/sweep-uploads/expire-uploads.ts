import type { MultipartUploads } from '../issue-upload/multipart-uploads.ts'
import type { UploadQuotas } from '../stores/upload-quotas.ts'
import type { IssuedUpload, UploadStore } from '../stores/upload-store.ts'

export interface Expiring {
  readonly uploads: UploadStore
  readonly quotas: UploadQuotas
  readonly multipart: MultipartUploads
  readonly clock: () => Date
}

/** Handled at once: each is a few calls. */
const batch = 25

/**
 * Ends the uploads that should have arrived before a time, and takes back the parts that did come; says how many. One
 * whose event is only late arrives all the same.
 */
export async function expireUploads(expiring: Expiring, before: Date): Promise<number> {
  let count = 0
  let place: string | undefined
  do {
    const page = await expiring.uploads.list({
      state: 'issued',
      from: new Date(0),
      to: before,
      limit: batch,
      before: place,
    })
    const expired = await Promise.all(page.uploads.map((upload) => expire(expiring, upload)))
    count += expired.filter(Boolean).length
    place = page.next
  } while (place !== undefined)
  return count
}

async function expire({ uploads, quotas, multipart, clock }: Expiring, upload: IssuedUpload): Promise<boolean> {
  const { thingName, uploadId, key, multipartId } = upload
  // First: a run that dies after it finds the upload again.
  if (multipartId !== undefined) await multipart.abort(key, multipartId)
  if (!(await uploads.settle(upload, 'expired', undefined, clock()))) return false
  await quotas.close(thingName, uploadId)
  return true
}
