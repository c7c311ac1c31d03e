import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { thingOfKey } from '#contract/object-key.ts'
import type { ListUploadsResponse, listUploadsQuerySchema, Upload } from '#contract/upload-log-api.ts'
import type { IssuedUploadState } from '#contract/uploads-api.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import type { IssuedUpload, UploadStore } from '../stores/upload-store.ts'

type ListUploadsQuery = z.infer<typeof listUploadsQuerySchema>

const dayMs = 86_400_000
/** What the setting `multipartHours` can be at most. */
const maxUploadDays = 7
/** A time, and what tells rows of one time apart. */
const positionPattern = /^\d{4}-\d{2}-\d{2}T[\x21-\x7e]{1,200}$/

/** The states of uploads that did not arrive; issued uploads stand in the list at the time of their end. */
const unarrivedStates = {
  issued: 'issued',
  expired: 'expired',
  missing: 'expired',
  refused: 'refused',
  aborted: 'aborted',
} as const

/** A page of the upload log, newest first: of what S3 told, or of uploads in a state. */
export async function listUploads(
  { log, issued }: { readonly log: UploadLog; readonly issued: UploadStore },
  query: ListUploadsQuery,
  now: Date,
): Promise<ListUploadsResponse> {
  const range = { ...timesOf(query, now), limit: query.limit, before: parseCursor(query.cursor, positionPattern) }
  const { uploads, next } = await readPage()
  return next === undefined ? { uploads } : { uploads, cursor: formatCursor(next) }

  async function readPage(): Promise<{ uploads: Upload[]; next?: string }> {
    const { state, certificateId, prefix, thing } = query
    if (state === undefined || state === 'arrived' || state === 'removed') {
      const event = state === undefined ? undefined : state === 'arrived' ? 'created' : 'removed'
      // A prefix below a thing's own names the thing.
      const thingName = thing ?? (prefix === undefined ? undefined : thingOfKey(prefix))
      return log.list({ ...range, thingName, certificateId, event, prefix })
    }
    const listed = unarrivedStates[state]
    const page = await issued.list({ ...range, state: listed, isWanted: sieveOf(query) })
    return { ...page, uploads: page.uploads.map((upload) => toRow(upload, listed)) }
  }
}

function timesOf({ from, to, state }: ListUploadsQuery, now: Date): { from: Date; to: Date } {
  // S3's clock may be ahead of ours; beyond that nothing can have happened.
  const latest = new Date(now.getTime() + (state === 'issued' ? maxUploadDays + 1 : 1) * dayMs)
  const asked = { from: new Date(from ?? 0), to: to === undefined ? latest : new Date(to) }
  if (to !== undefined && asked.from >= asked.to) {
    throw new Fault('REQUEST_INVALID', '`from` is not before `to`', { hint: 'from is inclusive, to is exclusive' })
  }
  return { from: asked.from, to: asked.to < latest ? asked.to : latest }
}

function sieveOf({ thing, certificateId, prefix }: ListUploadsQuery) {
  if ((thing ?? certificateId ?? prefix) === undefined) return undefined
  return (upload: IssuedUpload) =>
    (thing === undefined || upload.thingName === thing) &&
    (certificateId === undefined || upload.certificateId === certificateId) &&
    (prefix === undefined || upload.key.startsWith(prefix))
}

function toRow(upload: IssuedUpload, state: Exclude<IssuedUploadState, 'arrived'>): Upload {
  const { thingName, key, uploadId, sizeBytes, changedAt, expiresAt, reason, certificateId } = upload
  const about = { thingName, key, uploadId, sizeBytes, expiresAt, certificateId }
  return { ...about, event: state, eventTime: changedAt, loggedAt: changedAt, ...(reason !== undefined && { reason }) }
}
