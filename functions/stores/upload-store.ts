import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { IssuedUploadState } from '#contract/uploads-api.ts'
import { isTaken } from './conditional-write.ts'
import { deleteAt } from './delete-at.ts'
import { listingOf } from './listing.ts'
import { readMerged } from './read-merged.ts'
import { shards } from './shards.ts'
import { updateItem } from './update-item.ts'

/** An upload that the backend gave a URL for. */
export interface IssuedUpload {
  readonly thingName: string
  /** 16 hex digits, also in the object's key. */
  readonly uploadId: string
  readonly key: string
  readonly state: IssuedUploadState
  readonly way: 'put' | 'form' | 'multipart'
  readonly sizeBytes: number
  readonly contentType: string
  readonly crc32?: string | undefined
  readonly sha256?: string | undefined
  /** Hex SHA-256 of the request: another request is another upload. */
  readonly fingerprint: string
  /** The certificate whose credentials asked. */
  readonly certificateId: string
  /** ISO times. */
  readonly issuedAt: string
  readonly expiresAt: string
  readonly changedAt: string
  /** S3's id of an upload in parts. */
  readonly multipartId?: string | undefined
  readonly partBytes?: number | undefined
  readonly reason?: string
  /** Of the object, once it is there. */
  readonly etag?: string
}

/** What S3's event says of an object that arrived. */
export interface Arrival {
  readonly thingName: string
  readonly uploadId: string
  readonly key: string
  readonly etag?: string | undefined
  readonly arrivedAt: string
}

interface UploadQuery {
  readonly state: Exclude<IssuedUploadState, 'arrived'>
  readonly from: Date
  readonly to: Date
  readonly limit: number
  /** A place that an earlier page gave. */
  readonly before?: string | undefined
  readonly isWanted?: ((upload: IssuedUpload) => boolean) | undefined
}

/** An issued upload and its place among those of its state. */
export type ListedUpload = IssuedUpload & { readonly listed: string }

interface UploadPage {
  readonly uploads: ListedUpload[]
  /** The place to go on before; absent on the last page. */
  readonly next?: string
}

/**
 * The uploads that a URL was issued for, in the upload log's table: one row each, which S3's event finds by the id in the
 * object's key. Arriving wins over every other state, whatever comes first. The index `listings` has those that did not
 * arrive, by state: the issued by the time at which they expire, others by the time of their last change. With `keepDays`,
 * rows are written with an end.
 */
export function createUploadStore(tables: DynamoDBDocumentClient, tableName: string, keepDays?: number) {
  const keyOf = (thingName: string, uploadId: string) => ({ thing: thingName, position: `upload#${uploadId}` })
  const placeOf = (uploadId: string, state: IssuedUploadState, time: string) =>
    listingOf(`upload#${state}`, uploadId, `${time}#${uploadId}`)

  return {
    async find(thingName: string, uploadId: string): Promise<IssuedUpload | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: keyOf(thingName, uploadId), ConsistentRead: true }),
      )
      return Item as IssuedUpload | undefined
    },

    /**
     * Adds an upload. False when there is one of its id already; one that was issued at the time `instead` and did not
     * arrive gives way.
     */
    add(upload: IssuedUpload, instead?: string): Promise<boolean> {
      const { thingName, uploadId, expiresAt } = upload
      const isFree = 'attribute_not_exists(thing)'
      const condition =
        instead === undefined
          ? { ConditionExpression: isFree }
          : {
              ConditionExpression: `${isFree} OR (issuedAt = :instead AND #state <> :arrived)`,
              ExpressionAttributeNames: { '#state': 'state' },
              ExpressionAttributeValues: { ':instead': instead, ':arrived': 'arrived' },
            }
      const place = placeOf(uploadId, 'issued', expiresAt)
      const Item = { ...keyOf(thingName, uploadId), ...upload, ...place, deleteAt: deleteAt(expiresAt, keepDays) }
      return isTaken(tables.send(new PutCommand({ TableName: tableName, Item, ...condition })))
    },

    /** Notes that an object is there. It may come twice, late, and before its upload was added. */
    async arrive({ thingName, uploadId, key, etag, arrivedAt }: Arrival): Promise<void> {
      await updateItem(tables, tableName, keyOf(thingName, uploadId), {
        set: {
          thingName,
          uploadId,
          key,
          state: 'arrived',
          etag,
          changedAt: arrivedAt,
          deleteAt: deleteAt(arrivedAt, keepDays),
        },
        remove: ['listing', 'listed', 'reason'],
      })
    },

    /** The same for an object that no event told of. An upload that was not issued gets no row. */
    async arriveIfIssued({ thingName, uploadId, etag, arrivedAt }: Omit<Arrival, 'key'>): Promise<void> {
      await updateItem(tables, tableName, keyOf(thingName, uploadId), {
        set: { state: 'arrived', etag, changedAt: arrivedAt },
        remove: ['listing', 'listed', 'reason'],
        condition: 'attribute_exists(issuedAt) AND #state <> :state',
      })
    },

    /** Ends an upload that did not arrive. False when it did, or when it was issued anew since `issuedAt`. */
    settle(
      { thingName, uploadId, issuedAt }: Pick<IssuedUpload, 'thingName' | 'uploadId' | 'issuedAt'>,
      state: 'expired' | 'refused' | 'aborted',
      reason: string | undefined,
      now: Date,
    ): Promise<boolean> {
      const changedAt = now.toISOString()
      return updateItem(tables, tableName, keyOf(thingName, uploadId), {
        set: { state, reason, changedAt, ...placeOf(uploadId, state, changedAt) },
        condition: 'issuedAt = :issuedAt AND #state <> :arrived',
        values: { ':issuedAt': issuedAt, ':arrived': 'arrived' },
      })
    },

    /** Uploads in a state whose time is in [from, to), newest first. `isWanted` sorts out what was read. */
    async list({ state, from, to, limit, before, isWanted }: UploadQuery): Promise<UploadPage> {
      const { rows, next } = await readMerged<ListedUpload>(
        tables,
        tableName,
        {
          index: 'listings',
          partitionKey: 'listing',
          partitions: shards.map((shard) => `upload#${state}#${shard}`),
          sortKey: 'listed',
          first: from.toISOString(),
          // The end is included: of a place, all but its last digit stands below it and above all places before.
          last: before?.slice(0, -1) ?? to.toISOString(),
          order: 'descending',
        },
        { limit, isWanted },
      )
      return next === undefined ? { uploads: rows } : { uploads: rows, next }
    },
  }
}

export type UploadStore = ReturnType<typeof createUploadStore>
