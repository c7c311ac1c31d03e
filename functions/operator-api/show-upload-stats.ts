import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import type { UploadStatsResponse, uploadStatsQuerySchema } from '#contract/stats-api.ts'
import { formatCursor, parseJsonCursor } from '../runtime/cursor.ts'
import { countedPartitions, countUploads } from '../stores/upload-counts.ts'

const dayMs = 86_400_000
const defaultDays = 7
const maxDays = 366

/** Where a page stopped in each partition. */
const placesSchema = z.array(
  z.union([z.null(), z.literal(''), z.string().regex(/^\d{4}-\d{2}-\d{2}T[\x21-\x7e]{1,200}$/)]),
)

/** A page of counts for each thing and UTC day. */
export async function showUploadStats(
  { tables, tableName }: { readonly tables: DynamoDBDocumentClient; readonly tableName: string },
  { thing, from, to, cursor }: z.infer<typeof uploadStatsQuerySchema>,
  now: Date,
): Promise<UploadStatsResponse> {
  const last = new Date(to ?? now.toISOString().slice(0, 'YYYY-MM-DD'.length))
  const first = from === undefined ? new Date(last.getTime() - (defaultDays - 1) * dayMs) : new Date(from)
  const days = (last.getTime() - first.getTime()) / dayMs + 1
  if (days < 1 || days > maxDays) {
    throw new Fault('REQUEST_INVALID', `from ${from} to ${to} are ${days} days`, {
      hint: `ask for 1 to ${maxDays} days`,
    })
  }
  const end = new Date(last.getTime() + dayMs)
  const { stats, places } = await countUploads(tables, tableName, {
    thingName: thing,
    from: first,
    to: end,
    places: parseJsonCursor(cursor, placesSchema.length(countedPartitions(thing).partitions.length)),
  })
  return places === undefined ? { stats } : { stats, cursor: formatCursor(JSON.stringify(places)) }
}
