import type { SettleUploadResponse } from '#contract/uploads-api.ts'
import { findUpload } from './find-upload.ts'
import type { Issuing } from './issuing.ts'

/**
 * Ends an upload that the device gives up, or that S3 refused it for a reason; S3 itself tells nobody. Aborting again
 * answers the same. An upload that arrived stays. Throws NOT_FOUND.
 */
export async function abortUpload(
  { uploads, quotas, multipart, clock }: Issuing,
  { thingName, uploadId }: { thingName: string; uploadId: string },
  reason: string | undefined,
): Promise<SettleUploadResponse> {
  const upload = await findUpload(uploads, thingName, uploadId)
  const { key, multipartId } = upload
  const state = reason === undefined ? 'aborted' : 'refused'
  if (multipartId !== undefined && upload.state !== 'arrived') await multipart.abort(key, multipartId)
  const isSettled = upload.state !== 'arrived' && (await uploads.settle(upload, state, reason, clock()))
  await quotas.close(thingName, uploadId)
  if (isSettled) return { uploadId, key, state }
  const present = await findUpload(uploads, thingName, uploadId)
  return { uploadId, key, state: present.state }
}
