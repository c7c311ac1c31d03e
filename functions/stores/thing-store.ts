import { DeleteCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Thing } from '#contract/things-api.ts'
import { isTaken } from './conditional-write.ts'
import { listingOf, readListing } from './listing.ts'
import { readMerged } from './read-merged.ts'
import { shardOf, shards } from './shards.ts'
import { updateItem } from './update-item.ts'

/** What the backend knows of a thing; `certificateId` is there only while a certificate holds it. */
export interface ThingEntry extends Thing {
  /** The newest renewal of the certificate that holds it. */
  readonly successorId?: string
}

/** What a claim or a certificate says of its thing. */
type ThingFacts = Pick<Thing, 'thingName' | 'thingTypeName' | 'attributes'>

interface ThingPage {
  readonly things: Thing[]
  /** The name, or the place, to go on after; absent on the last page. */
  readonly next?: string
}

interface SilenceQuery {
  /** Things whose last upload, or else their first certificate, is not after this. */
  readonly until: Date
  readonly after?: string | undefined
  readonly limit: number
}

/** How far each thing has come, and which certificate holds it. Lives in the ledger's table. */
export function createThingStore(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (thingName: string) => `thing#${thingName}`

  /** What is written whenever a thing's state changes. */
  const factsOf = ({ thingName, thingTypeName, attributes }: ThingFacts, now: Date) => ({
    thingName,
    thingTypeName,
    attributes,
    changedAt: now.toISOString(),
    ...listingOf('thing', thingName, thingName),
  })

  /** Where a thing is in the index `silent`. */
  const silenceOf = (thingName: string, since: string) => ({
    silence: String(shardOf(thingName)),
    silentSince: `${since}#${thingName}`,
  })

  return {
    async find(thingName: string): Promise<ThingEntry | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: { pk: keyOf(thingName) }, ConsistentRead: true }),
      )
      return Item as ThingEntry | undefined
    },

    /** Notes that a thing may come (`claimed`) or has a certificate (`vended`). A thing that a certificate holds stays as it is. */
    async note(thing: ThingFacts & { readonly state: 'claimed' | 'vended' }, now: Date): Promise<void> {
      await updateItem(tables, tableName, keyOf(thing.thingName), {
        set: { ...factsOf(thing, now), state: thing.state },
        remove: ['reason'],
        condition: 'attribute_not_exists(certificateId)',
      })
    },

    /** Notes why the certificate of a thing that nothing holds was refused. */
    async noteQuarantine(thing: ThingFacts, reason: string, now: Date): Promise<void> {
      await updateItem(tables, tableName, keyOf(thing.thingName), {
        set: { ...factsOf(thing, now), state: 'quarantined', reason },
        condition: 'attribute_not_exists(certificateId)',
      })
    },

    /**
     * Makes a certificate the holder of its thing, in place of `instead` when that one holds it. False when another
     * holds it: of two that race, one gets true. Holding twice is holding once.
     */
    hold(
      holder: ThingFacts & { readonly certificateId: string },
      now: Date,
      instead: string = holder.certificateId,
    ): Promise<boolean> {
      return updateItem(tables, tableName, keyOf(holder.thingName), {
        set: { ...factsOf(holder, now), state: 'active', certificateId: holder.certificateId },
        once: silenceOf(holder.thingName, now.toISOString()),
        remove: ['reason', 'successorId'],
        condition: 'attribute_not_exists(certificateId) OR certificateId IN (:certificateId, :instead)',
        values: { ':instead': instead },
      })
    },

    /** Makes a certificate the renewal of the one that holds the thing. False when another holds it. */
    succeed: (thingName: string, holderId: string, successorId: string): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(thingName), {
        set: { successorId },
        condition: 'certificateId = :holder',
        values: { ':holder': holderId },
      }),

    /** Makes the renewal of a thing's holder the holder. False when it is not its renewal any more. */
    promote: (
      renewal: ThingFacts & { readonly certificateId: string },
      holderId: string,
      now: Date,
    ): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(renewal.thingName), {
        set: { ...factsOf(renewal, now), state: 'active', certificateId: renewal.certificateId },
        remove: ['reason', 'successorId'],
        condition: 'certificateId = :holder AND successorId = :certificateId',
        values: { ':holder': holderId },
      }),

    /** Takes a renewal back before it holds the thing. False when it is not the renewal of the holder any more. */
    withdraw: (thingName: string, successorId: string, now: Date): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(thingName), {
        set: { changedAt: now.toISOString() },
        remove: ['successorId'],
        condition: 'successorId = :successor',
        values: { ':successor': successorId },
      }),

    /** Leaves the thing without a holder. A thing that another certificate holds by now stays as it is: false. */
    release: (thingName: string, certificateId: string, reason: string, now: Date): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(thingName), {
        set: { state: 'revoked', reason, changedAt: now.toISOString() },
        remove: ['certificateId', 'successorId'],
        condition: 'certificateId = :holder',
        values: { ':holder': certificateId },
      }),

    /** Forgets a thing that no certificate holds. False when one does. */
    remove: (thingName: string): Promise<boolean> =>
      isTaken(
        tables.send(
          new DeleteCommand({
            TableName: tableName,
            Key: { pk: keyOf(thingName) },
            ConditionExpression: 'attribute_not_exists(certificateId)',
          }),
        ),
      ),

    /** Notes when the newest file came. False when a newer one is noted, or the thing is not there. */
    noteUpload: (thingName: string, lastUploadAt: string): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(thingName), {
        set: { lastUploadAt, ...silenceOf(thingName, lastUploadAt) },
        condition: 'attribute_exists(pk) AND (attribute_not_exists(lastUploadAt) OR lastUploadAt < :lastUploadAt)',
      }),

    /** At most `limit` things by the time since which no file came, the longest silent first, after the place `after`. */
    async listSilent({ until, after, limit }: SilenceQuery): Promise<ThingPage> {
      const { rows, next } = await readMerged<ThingEntry & { silentSince: string }>(
        tables,
        tableName,
        {
          index: 'silent',
          partitionKey: 'silence',
          partitions: shards.map(String),
          sortKey: 'silentSince',
          // A place is a time, `#` and a name. A space sorts before, a tilde after every character that can follow.
          first: after === undefined ? '0' : `${after} `,
          last: `${until.toISOString()}~`,
          order: 'ascending',
        },
        { limit },
      )
      return next === undefined ? { things: rows } : { things: rows, next }
    },

    /** At most `limit` things by name, in the order of their bytes, after the name `after`. */
    async list({ after, limit }: { after: string | undefined; limit: number }): Promise<ThingPage> {
      const { items, next } = await readListing<Thing & { listed: string }>(tables, tableName, {
        kind: 'thing',
        after,
        limit,
      })
      return next === undefined ? { things: items } : { things: items, next }
    },
  }
}

export type ThingStore = ReturnType<typeof createThingStore>
