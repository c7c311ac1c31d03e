import type { z } from 'zod'
import type { ListUploadsResponse, listUploadsQuerySchema } from '#contract/api.ts'
import { Fault } from '#contract/fault.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import type { UploadLog } from '../stores/upload-log.ts'

const dayMs = 86_400_000
/** Without `from`, a list goes this far back. */
const defaultDays = 30
/** A day, or a day and a row's place in it. */
const positionPattern = /^\d{4}-\d{2}-\d{2}(T[\x21-\x7e]{1,200})?$/

/** A page of the upload log, newest first. */
export async function listUploads(
  log: UploadLog,
  query: z.infer<typeof listUploadsQuerySchema>,
  now: Date,
): Promise<ListUploadsResponse> {
  // S3's clock may be ahead of ours; beyond that nothing can have happened.
  const latest = new Date(now.getTime() + dayMs)
  const asked = query.to === undefined ? latest : new Date(query.to)
  const to = asked < latest ? asked : latest
  const from = query.from === undefined ? new Date(to.getTime() - defaultDays * dayMs) : new Date(query.from)
  if (query.to !== undefined && from >= asked) {
    throw new Fault('REQUEST_INVALID', '`from` is not before `to`', { hint: 'from is inclusive, to is exclusive' })
  }
  const before = parseCursor(query.cursor, positionPattern)
  const { uploads, next } = await log.list({ thingName: query.thing, from, to, limit: query.limit, before })
  return next === undefined ? { uploads } : { uploads, cursor: formatCursor(next) }
}
