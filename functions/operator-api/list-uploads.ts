import type { z } from 'zod'
import type { ListUploadsResponse, listUploadsQuerySchema, Upload } from '#contract/api.ts'
import { Fault } from '#contract/fault.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import type { ListedUpload, UploadStore } from '../stores/upload-store.ts'

const dayMs = 86_400_000
/** Without `from`, a list goes this far back. */
const defaultDays = 30
/** What the setting `multipartHours` can be at most. */
const maxUploadDays = 7
/** A day, or a day and a row's place in it. */
const positionPattern = /^\d{4}-\d{2}-\d{2}(T[\x21-\x7e]{1,200})?$/

/** A page of the upload log, newest first: of what S3 told, or of uploads in a state. */
export async function listUploads(
  { log, issued }: { readonly log: UploadLog; readonly issued: UploadStore },
  query: z.infer<typeof listUploadsQuerySchema>,
  now: Date,
): Promise<ListUploadsResponse> {
  // S3's clock may be ahead of ours; beyond that nothing can have happened. Issued uploads stand at the time of their end.
  const latest = new Date(now.getTime() + (query.state === 'issued' ? maxUploadDays + 1 : 1) * dayMs)
  const asked = query.to === undefined ? latest : new Date(query.to)
  const to = asked < latest ? asked : latest
  const from = query.from === undefined ? new Date(to.getTime() - defaultDays * dayMs) : new Date(query.from)
  if (query.to !== undefined && from >= asked) {
    throw new Fault('REQUEST_INVALID', '`from` is not before `to`', { hint: 'from is inclusive, to is exclusive' })
  }
  const before = parseCursor(query.cursor, positionPattern)
  const range = { from, to, limit: query.limit, before }
  const { uploads, next } =
    query.state === undefined
      ? await log.list({ ...range, thingName: query.thing })
      : await listInState(issued, { ...query, ...range, state: query.state })
  return next === undefined ? { uploads } : { uploads, cursor: formatCursor(next) }
}

type StateQuery = Parameters<UploadStore['list']>[0] & { readonly thing?: string | undefined }

async function listInState(issued: UploadStore, { thing, ...query }: StateQuery) {
  if (thing !== undefined) {
    throw new Fault('REQUEST_INVALID', '`state` is of the whole fleet, not of one thing', { hint: 'leave one out' })
  }
  const page = await issued.list(query)
  return { ...page, uploads: page.uploads.map((upload) => toRow(upload, query.state)) }
}

function toRow(upload: ListedUpload, state: Exclude<Upload['event'], 'created' | 'removed'>): Upload {
  const { thingName, key, uploadId, sizeBytes, changedAt, expiresAt, reason, certificateId } = upload
  const about = { thingName, key, uploadId, sizeBytes, expiresAt, certificateId }
  return { ...about, event: state, eventTime: changedAt, loggedAt: changedAt, ...(reason !== undefined && { reason }) }
}
