import { type DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Thing } from '#contract/api.ts'
import { isTaken } from './conditional-write.ts'
import { shardOf, shards } from './shards.ts'

interface ThingPage {
  readonly things: Thing[]
  /** The name to go on after; absent on the last page. */
  readonly next?: string
}

/** How far each thing has come, and which certificate holds it. Lives in the ledger's table; the index `things` lists by name. */
export function createThingStore(tables: DynamoDBDocumentClient, tableName: string) {
  /** Sets state, attributes and time of a thing while the condition holds. False when it does not. */
  function change(thing: Omit<Thing, 'changedAt' | 'reason'>, condition: string, now: Date): Promise<boolean> {
    const set: Record<string, unknown> = {
      state: thing.state,
      attributes: thing.attributes,
      changedAt: now.toISOString(),
      thingName: thing.thingName,
      listing: `thing#${shardOf(thing.thingName)}`,
      ...(thing.certificateId === undefined ? {} : { certificateId: thing.certificateId }),
    }
    const names = Object.keys(set)
    return isTaken(
      tables.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { pk: `thing#${thing.thingName}` },
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: condition,
          ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, set[name]])),
        }),
      ),
    )
  }

  return {
    /** Notes that a thing may come (`claimed`) or has a certificate (`vended`). A thing that a certificate holds stays as it is. */
    async note(thing: { thingName: string; state: 'claimed' | 'vended'; attributes: Thing['attributes'] }, now: Date) {
      await change(thing, 'attribute_not_exists(certificateId)', now)
    },

    /**
     * Makes a certificate the holder of its thing. False when another certificate holds it: of two that race, one gets
     * true. Holding twice is holding once.
     */
    hold(holder: { thingName: string; certificateId: string; attributes: Thing['attributes'] }, now: Date) {
      const condition = 'attribute_not_exists(certificateId) OR certificateId = :certificateId'
      return change({ ...holder, state: 'active' }, condition, now)
    },

    /** The id of the certificate that holds the thing, if one does. */
    async findHolder(thingName: string): Promise<string | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: { pk: `thing#${thingName}` }, ConsistentRead: true }),
      )
      return Item?.certificateId as string | undefined
    },

    /** At most `limit` things by name, in the order of their bytes, after the name `after`. Reads up to `limit` of each shard. */
    async list({ after, limit }: { after: string | undefined; limit: number }): Promise<ThingPage> {
      const pages = await Promise.all(
        shards.map((shard) =>
          tables.send(
            new QueryCommand({
              TableName: tableName,
              IndexName: 'things',
              KeyConditionExpression: 'listing = :listing AND thingName > :after',
              // A space sorts before every character that a name can have.
              ExpressionAttributeValues: { ':listing': `thing#${shard}`, ':after': after ?? ' ' },
              Limit: limit,
            }),
          ),
        ),
      )
      const found = pages
        .flatMap(({ Items = [] }) => Items as Thing[])
        .sort((a, b) => (a.thingName < b.thingName ? -1 : 1))
      const things = found.slice(0, limit)
      const next = things.at(-1)?.thingName
      const hasMore = found.length > limit || pages.some((page) => page.LastEvaluatedKey !== undefined)
      return hasMore && next !== undefined ? { things, next } : { things }
    },
  }
}

export type ThingStore = ReturnType<typeof createThingStore>
