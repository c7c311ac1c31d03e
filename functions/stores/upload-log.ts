import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { Upload } from '#contract/upload-log-api.ts'
import { type MergedRange, readMerged } from './read-merged.ts'
import { shards } from './shards.ts'
import {
  type LoggedUpload,
  partitionsOfCertificate,
  partitionsOfFleet,
  partitionsOfThing,
  toRow,
  toUpload,
  type UploadRow,
  uploadIdOfRow,
} from './upload-row.ts'
import type { IssuedUpload } from './upload-store.ts'
import { writeBatches } from './write-batches.ts'

/** All rows of one upload that are read: one may have many versions that an operator wrote. */
const maxRowsOfUpload = 1000

interface UploadPage {
  readonly uploads: Upload[]
  /** The position to go on before; absent when nothing is left. */
  readonly next?: string
}

/** One of certificate, thing and event chooses the partitions, in this order; the others sort out what was read. */
export interface UploadSelection {
  readonly certificateId?: string | undefined
  readonly thingName?: string | undefined
  readonly event?: 'created' | 'removed' | undefined
  /** What the key begins with. */
  readonly prefix?: string | undefined
  readonly from: Date
  readonly to: Date
  readonly limit: number
  /** A position that an earlier page gave. */
  readonly before?: string | undefined
}

/**
 * The upload log: one row for each S3 event; upload-row.ts has its keys. Newest first, unless said otherwise. With
 * `keepDays`, rows are written with an end.
 */
export function createUploadLog(tables: DynamoDBDocumentClient, tableName: string, keepDays?: number) {
  async function readUpload(uploadId: string): Promise<(UploadRow | (IssuedUpload & { readonly position: string }))[]> {
    const { Items = [] } = await tables.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: 'of-upload',
        KeyConditionExpression: 'uploadId = :uploadId',
        ExpressionAttributeValues: { ':uploadId': uploadId },
        ScanIndexForward: false,
        Limit: maxRowsOfUpload,
      }),
    )
    return Items as never
  }

  return {
    /** Writes rows, 25 at a time. Throws when the table refuses some of them to the last attempt: write all of them again. */
    async write(uploads: readonly LoggedUpload[]): Promise<void> {
      const rows = new Map<string, UploadRow>()
      for (const upload of uploads) {
        const row = toRow(upload, keepDays)
        rows.set(`${row.thing} ${row.position}`, row)
      }
      const requests = [...rows.values()].map((Item) => ({ PutRequest: { Item } }))
      await writeBatches(tables, tableName, requests)
    },

    /** Deletes rows that were made from a listing. */
    async deleteRebuilt(rows: readonly UploadRow[]): Promise<void> {
      const requests = rows.map(({ thing, position }) => ({ DeleteRequest: { Key: { thing, position } } }))
      await writeBatches(tables, tableName, requests)
    },

    /** At most `limit` rows whose event time is in [from, to). */
    async list(selection: UploadSelection): Promise<UploadPage> {
      const { limit } = selection
      const { rows, next } = await readMerged<UploadRow>(tables, tableName, rangeOf(selection), {
        limit,
        isWanted: sieveOf(selection),
      })
      const uploads = rows.map(toUpload)
      return next === undefined ? { uploads } : { uploads, next }
    },

    /** What was issued under an upload's id, and the events of its keys, newest first: of more than one thing when a device drew the id of another's. */
    async findUpload(uploadId: string): Promise<{ issued: IssuedUpload[]; events: Upload[] }> {
      const rows = await readUpload(uploadId)
      const issued = rows.filter((row) => !isRow(row)) as unknown as IssuedUpload[]
      return { issued, events: rows.filter(isRow).map(toUpload) }
    },

    /** The rows of one key, with their keys. */
    async readKey(key: string, uploadId: string | undefined): Promise<UploadRow[]> {
      const rows = await readUpload(uploadIdOfRow({ key, uploadId }))
      return rows.filter(isRow).filter((row) => row.key === key)
    },
  }
}

export type UploadLog = ReturnType<typeof createUploadLog>

/** An issued upload has its row in the same index. */
function isRow(row: object): row is UploadRow {
  return 'fleetShard' in row
}

function rangeOf({ certificateId, thingName, event, from, to, before }: UploadSelection): MergedRange {
  const place =
    certificateId !== undefined
      ? {
          index: 'of-certificate',
          partitionKey: 'certificateShard',
          partitions: partitionsOfCertificate(certificateId),
        }
      : thingName !== undefined
        ? { partitionKey: 'thing', partitions: partitionsOfThing(thingName) }
        : // Few objects are ever removed.
          {
            index: 'fleet',
            partitionKey: 'fleetShard',
            partitions: partitionsOfFleet(event),
            evenPartitions: shards.length,
          }
  return { ...place, ...timesOf(from, to, before), sortKey: 'position', order: 'descending' }
}

/** Both ends of the range are included, but no position equals a bare time, or ends one character before it does. */
function timesOf(from: Date, to: Date, before: string | undefined) {
  return { first: from.toISOString(), last: before?.slice(0, -1) ?? to.toISOString() }
}

/** What the partitions do not choose already. */
function sieveOf({ certificateId, thingName, event, prefix }: UploadSelection) {
  const checks: ((row: UploadRow) => boolean)[] = []
  if (certificateId !== undefined && thingName !== undefined) checks.push((row) => row.thingName === thingName)
  if (event !== undefined && (certificateId ?? thingName) !== undefined) checks.push((row) => row.event === event)
  if (prefix !== undefined) checks.push(({ key }) => key.startsWith(prefix))
  return checks.length === 0 ? undefined : (row: UploadRow) => checks.every((check) => check(row))
}
