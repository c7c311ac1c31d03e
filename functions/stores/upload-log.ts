import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { BatchWriteCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { UploadEvent } from '#contract/api.ts'
import { shardOf, shards } from './shards.ts'

/** BatchWriteItem takes 25 puts (DynamoDB API reference). */
const maxBatchItems = 25
const maxAttempts = 8

/** A fleet-wide page reads at most this many days; then it gives the position where the next page goes on. */
const maxDaysPerPage = 31

/** Objects outside every thing's prefix are logged under a name that no thing can have. */
const noThing = '/'

interface UploadPage {
  readonly uploads: UploadEvent[]
  /** The position to go on before; absent when nothing is left. */
  readonly next?: string
}

interface UploadRange {
  /** Of one thing; of the whole fleet when not given. */
  readonly thingName: string | undefined
  readonly from: Date
  readonly to: Date
  readonly limit: number
  /** A position that an earlier page gave. */
  readonly before: string | undefined
}

type Row = UploadEvent & { readonly thing: string; readonly position: string; readonly dayShard: string }

/**
 * The upload log: one row for each S3 event, keyed `thing` and `position`. The key comes from the event alone, so a
 * duplicate writes the same row again and the order of arrival does not matter. The index `fleet` spreads each UTC day
 * over shards. Newest first.
 */
export function createUploadLog(tables: DynamoDBDocumentClient, tableName: string) {
  async function query(index: { name?: string; partition: string; value: string }, range: UploadRange) {
    const { Items = [], LastEvaluatedKey } = await tables.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: index.name,
        KeyConditionExpression: `${index.partition} = :value AND #position BETWEEN :from AND :before`,
        ExpressionAttributeNames: { '#position': 'position' },
        ExpressionAttributeValues: {
          ':value': index.value,
          ':from': range.from.toISOString(),
          // BETWEEN includes its end; no position equals a bare time or ends below the character before `#`.
          ':before': range.before === undefined ? range.to.toISOString() : predecessor(range.before),
        },
        ScanIndexForward: false,
        Limit: range.limit,
      }),
    )
    return { rows: Items as Row[], isCut: LastEvaluatedKey !== undefined }
  }

  async function listDay(day: string, range: UploadRange) {
    const pages = await Promise.all(
      shards.map((shard) => query({ name: 'fleet', partition: 'dayShard', value: `${day}#${shard}` }, range)),
    )
    const rows = pages.flatMap((page) => page.rows).sort((a, b) => (a.position < b.position ? 1 : -1))
    return { rows: rows.slice(0, range.limit), isCut: rows.length > range.limit || pages.some((page) => page.isCut) }
  }

  return {
    /** Writes rows, 25 at a time. Throws when the table refuses some of them to the last attempt: write all of them again. */
    async write(uploads: readonly UploadEvent[]): Promise<void> {
      const rows = new Map(uploads.map((upload) => [`${upload.thingName} ${positionOf(upload)}`, toRow(upload)]))
      const pending = [...rows.values()].map((Item) => ({ PutRequest: { Item } }))
      while (pending.length > 0) await writeBatch(tables, tableName, pending.splice(0, maxBatchItems))
    },

    /**
     * At most `limit` rows whose event time is in [from, to), newest first. A page may hold fewer rows, even none, and
     * still name a next position.
     */
    async list(range: UploadRange): Promise<UploadPage> {
      if ((range.before ?? range.to.toISOString()) <= range.from.toISOString()) return { uploads: [] }
      if (range.thingName !== undefined) {
        const { rows, isCut } = await query({ partition: 'thing', value: range.thingName }, range)
        return toPage(rows, isCut)
      }
      const rows: Row[] = []
      const newest = range.before?.slice(0, 'YYYY-MM-DD'.length) ?? dayOf(range.to)
      let days = 0
      for (const day of daysDown(newest, dayOf(range.from))) {
        // The day itself, as a position, stands before all of the day's rows and after those of the day before.
        if (days++ === maxDaysPerPage) return { uploads: rows.map(toUpload), next: nextDay(day) }
        const found = await listDay(day, { ...range, limit: range.limit - rows.length })
        rows.push(...found.rows)
        if (found.isCut || rows.length === range.limit) return toPage(rows, true)
      }
      return toPage(rows, false)
    },
  }
}

export type UploadLog = ReturnType<typeof createUploadLog>

/** Orders rows by time, then by S3's own order of one key's events; the hash keeps two keys of one moment apart. */
function positionOf(upload: UploadEvent): string {
  const hash = createHash('sha256').update(upload.key).digest('hex').slice(0, 16)
  return `${upload.eventTime}#${upload.sequencer.padEnd(20, '0')}#${hash}#${upload.event}`
}

function toRow(upload: UploadEvent): Row {
  return {
    ...upload,
    thing: upload.thingName ?? noThing,
    position: positionOf(upload),
    dayShard: `${upload.eventTime.slice(0, 'YYYY-MM-DD'.length)}#${shardOf(upload.key)}`,
  }
}

function toUpload({ thing: _thing, position: _position, dayShard: _dayShard, ...upload }: Row): UploadEvent {
  return upload
}

function toPage(rows: readonly Row[], hasMore: boolean): UploadPage {
  const uploads = rows.map(toUpload)
  const next = rows.at(-1)?.position
  return hasMore && next !== undefined ? { uploads, next } : { uploads }
}

/** The greatest text below a position that can be a bound: positions end in `created` or `removed`. */
function predecessor(position: string): string {
  return position.slice(0, -1)
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 'YYYY-MM-DD'.length)
}

function nextDay(day: string): string {
  return dayOf(new Date(Date.parse(day) + 86_400_000))
}

function* daysDown(newest: string, oldest: string): Generator<string> {
  for (let time = new Date(newest); dayOf(time) >= oldest; time = new Date(time.getTime() - 86_400_000))
    yield dayOf(time)
}

/** Retries what DynamoDB left unprocessed, with exponential backoff and full jitter (DynamoDB developer guide, "Error retries"). */
async function writeBatch(
  tables: DynamoDBDocumentClient,
  tableName: string,
  batch: Record<string, unknown>[],
): Promise<void> {
  let requests = batch
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { UnprocessedItems } = await tables.send(
      new BatchWriteCommand({ RequestItems: { [tableName]: requests } as never }),
    )
    requests = UnprocessedItems?.[tableName] ?? []
    if (requests.length === 0) return
    await wait(Math.random() * 25 * 2 ** attempt)
  }
  throw new Error(`DynamoDB left ${requests.length} rows of a batch unwritten after ${maxAttempts} attempts`)
}
