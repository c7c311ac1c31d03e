import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { ListPartsResponse, listPartsQuerySchema } from '#contract/uploads-api.ts'
import { findUpload, requireOpenParts } from './find-upload.ts'
import type { Issuing } from './issuing.ts'
import { countParts, sizeOfPart } from './plan-parts.ts'
import { wholeSecondMs } from './whole-second.ts'

/** A page of URLs for the parts of an upload. Throws NOT_FOUND, UPLOAD_STATE, and REQUEST_INVALID beyond the last part. */
export async function listParts(
  { uploads, urls, urlSeconds, clock }: Issuing,
  { thingName, uploadId }: { thingName: string; uploadId: string },
  { from, limit }: z.output<typeof listPartsQuerySchema>,
): Promise<ListPartsResponse> {
  const now = clock()
  const upload = requireOpenParts(await findUpload(uploads, thingName, uploadId), now)
  const partCount = countParts(upload)
  if (from > partCount) throw new Fault('REQUEST_INVALID', `from: the upload has ${partCount} parts`)
  const endMs = Math.min(wholeSecondMs(now) + urlSeconds * 1000, Date.parse(upload.expiresAt))
  const validity = { date: now, seconds: (endMs - wholeSecondMs(now)) / 1000 }
  const next = Math.min(from + limit, partCount + 1)
  const parts = Array.from({ length: next - from }, (_, index) => {
    const part = { number: from + index, sizeBytes: sizeOfPart(from + index, upload) }
    return { ...part, url: urls.signPart(upload.key, upload.multipartId, part, validity) }
  })
  const answer = { parts, expiresAt: new Date(endMs).toISOString() }
  return next > partCount ? answer : { ...answer, next }
}
