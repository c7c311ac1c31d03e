import { Fault } from '#contract/fault.ts'
import { type ShowUploadResponse, showUploadResponseSchema } from '#contract/upload-log-api.ts'
import type { UploadLog } from '../stores/upload-log.ts'

/** All that is known of one upload. Throws NOT_FOUND, and REQUEST_INVALID when two things have it and none is named. */
export async function showUpload(
  log: UploadLog,
  uploadId: string,
  thingName: string | undefined,
): Promise<ShowUploadResponse> {
  const found = await log.findUpload(uploadId)
  const isAsked = (row: { readonly thingName?: string | undefined }) =>
    thingName === undefined || row.thingName === thingName
  // A row without a time of issue is only the trace of an arrival.
  const issued = found.issued.filter(({ issuedAt }) => issuedAt !== undefined).filter(isAsked)
  const events = found.events.filter(isAsked)
  const newest = events[0] ?? issued[0]
  if (newest?.thingName === undefined) {
    throw new Fault('NOT_FOUND', `there is no upload ${uploadId}`, { hint: 'see: thingdrop uploads list' })
  }
  const names = [...new Set([...events, ...issued].map((row) => row.thingName))]
  if (names.length > 1) {
    throw new Fault('REQUEST_INVALID', `several things have an upload ${uploadId}: ${names.join(', ')}`, {
      hint: 'name one of them with `thing`',
    })
  }
  const { key } = newest
  const ofKey = events.filter((event) => event.key === key)
  const state = ofKey[0] === undefined ? issued[0]?.state : ofKey[0].event === 'removed' ? 'removed' : 'arrived'
  return showUploadResponseSchema.parse({
    uploadId,
    thingName: newest.thingName,
    key,
    state,
    issued: issued[0],
    events: ofKey,
  })
}
