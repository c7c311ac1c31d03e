import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import { type ListThingsResponse, type listThingsQuerySchema, type Thing, thingSchema } from '#contract/things-api.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import { lastUploadLagMs } from '../stores/last-upload-lag.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { UploadLog } from '../stores/upload-log.ts'

interface Listing {
  readonly things: ThingStore
  readonly log: UploadLog
}

/** A time and a thing's name. */
const silentPlace = /^\d{4}-\d{2}-\d{2}T[\d:.]{8,12}Z#[a-zA-Z0-9:_-]{1,128}$/

/** A page of things: by name, or those that sent nothing for so long, the longest silent first. */
export async function listThings(
  listing: Listing,
  { silentFor, limit, cursor }: z.infer<typeof listThingsQuerySchema>,
  now: Date,
): Promise<ListThingsResponse> {
  const { things, next } =
    silentFor === undefined
      ? await listing.things.list({ limit, after: parseCursor(cursor, thingNamePattern) })
      : await listSilent(listing, new Date(now.getTime() - silentFor * 1000), limit, cursor)
  const page = { things: things.map((thing) => thingSchema.parse(thing)) }
  return next === undefined ? page : { ...page, cursor: formatCursor(next) }
}

/** What is noted lags a little behind: of things near the end of the time, the log is asked. */
async function listSilent({ things, log }: Listing, until: Date, limit: number, cursor: string | undefined) {
  const { things: found, next } = await things.listSilent({ until, limit, after: parseCursor(cursor, silentPlace) })
  const isSure = ({ lastUploadAt }: Thing) =>
    lastUploadAt === undefined || Date.parse(lastUploadAt) + lastUploadLagMs <= until.getTime()
  const exact = await Promise.all(found.map((thing) => (isSure(thing) ? thing : noteNewest(log, thing))))
  const silent = exact.filter(({ lastUploadAt }) => lastUploadAt === undefined || lastUploadAt <= until.toISOString())
  return { things: silent, next }
}

/** A thing with the time of its last upload to the millisecond. Throws NOT_FOUND. */
export async function showThing({ things, log }: Listing, thingName: string): Promise<Thing> {
  const thing = await things.find(thingName)
  if (!thing) throw new Fault('NOT_FOUND', `there is no thing ${thingName}`, { hint: 'see: thingdrop things list' })
  return thingSchema.parse(await noteNewest(log, thing))
}

async function noteNewest(log: UploadLog, thing: Thing): Promise<Thing> {
  const { thingName } = thing
  const range = { from: new Date(0), to: new Date('9999-12-31'), limit: 1 }
  const { uploads } = await log.list({ ...range, thingName, event: 'created' })
  const newest = uploads[0]?.eventTime
  return newest === undefined ? thing : { ...thing, lastUploadAt: newest }
}
