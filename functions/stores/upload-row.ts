import { hash } from 'node:crypto'
import type { Upload, UploadEvent } from '#contract/upload-log-api.ts'
import { uploadIdSchema } from '#contract/uploads-api.ts'
import { deleteAt } from './delete-at.ts'
import { shardOf, shards } from './shards.ts'

/** What is logged: an event of S3, or in its place what the bucket's listing says. */
export type LoggedUpload = UploadEvent | RebuiltUpload

/** Of an object that no event told of. */
export type RebuiltUpload = Omit<UploadEvent, 'sequencer' | 'sourceIp' | 'certificateId'> & { readonly rebuilt: true }

/** A row with the keys that it lies under. */
export type UploadRow = LoggedUpload & {
  readonly thing: string
  readonly position: string
  readonly fleetShard: string
  readonly certificateShard?: string | undefined
  /** Seconds since 1970, when rows are kept for a time only: DynamoDB deletes it then. */
  readonly deleteAt?: number | undefined
}

const uploadEvents = ['created', 'removed'] as const
type EventName = (typeof uploadEvents)[number]

/** Objects outside every thing's prefix are logged under a name that no thing can have. */
const noThing = '/'

/**
 * A partition takes 1,000 writes a second (DynamoDB developer guide, "Designing partition keys"). One device may write
 * as many files, and its rows must hold up nobody else's: they have partitions of their own, four for a thing and four for
 * a certificate, and lie evenly among the partitions of the fleet.
 */
const ownShards = [0, 1, 2, 3] as const

/** Partitions that have all rows of a thing, in the table. */
export function partitionsOfThing(thingName: string | undefined): string[] {
  return ownShards.map((shard) => `${thingName ?? noThing}#${shard}`)
}

/** Partitions that have all rows of a certificate, in the index `of-certificate`. */
export function partitionsOfCertificate(certificateId: string): string[] {
  return ownShards.map((shard) => `${certificateId}#${shard}`)
}

/** Partitions that have the rows of all things, in the index `fleet`: of one event, or of both. */
export function partitionsOfFleet(event?: EventName): string[] {
  const events = event === undefined ? uploadEvents : [event]
  return events.flatMap((name) => shards.map((shard) => `${name}#${shard}`))
}

/** What rows of a key are found by in the index `of-upload`: the upload's id, or a hash of a key that has none. */
export function uploadIdOfRow({ uploadId, key }: Pick<UploadEvent, 'uploadId' | 'key'>): string {
  return uploadId ?? hash('sha256', key).slice(0, 32)
}

/**
 * The row of an upload. Its key comes from the event alone, so a duplicate is the same row and the order of arrival does
 * not matter; it orders rows by time, then by S3's own order of one key's events.
 */
export function toRow(upload: LoggedUpload, keepDays?: number): UploadRow {
  const { thingName, event, key, eventTime } = upload
  const shard = shardOf(key)
  const ownShard = shard % ownShards.length
  const { sequencer, certificateId } = { sequencer: '', certificateId: undefined, ...upload }
  // A listing has no sequencer: what it names is one version.
  const named = 'rebuilt' in upload ? `${key}\n${upload.versionId ?? ''}` : key
  return {
    ...upload,
    uploadId: uploadIdOfRow(upload),
    thing: `${thingName ?? noThing}#${ownShard}`,
    position: `${eventTime}#${sequencer.padEnd(20, '0')}#${hash('sha256', named).slice(0, 16)}#${event}`,
    fleetShard: `${event}#${shard}`,
    certificateShard: certificateId === undefined ? undefined : `${certificateId}#${ownShard}`,
    deleteAt: deleteAt(eventTime, keepDays),
  }
}

/** A row without its keys. */
export function toUpload(row: UploadRow): Upload {
  const { thing: _, position: _1, fleetShard: _2, certificateShard: _3, deleteAt: _4, uploadId, ...upload } = row
  return uploadIdSchema.safeParse(uploadId).success ? { ...upload, uploadId } : upload
}
