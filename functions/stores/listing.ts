import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { shardOf, shards } from './shards.ts'

export interface ListingQuery {
  /** What is listed: `thing`, `claim#open`. */
  readonly kind: string
  /** Places in the list, both exclusive: go on after this one; end before this one. */
  readonly after?: string | undefined
  readonly before?: string | undefined
  readonly limit: number
}

export interface ListingPage<Item> {
  readonly items: Item[]
  /** The place to go on after; absent on the last page. */
  readonly next?: string
}

/** The attributes that put an item into the index `listings`: of which list it is, and its place there. */
export function listingOf(kind: string, id: string, place: string) {
  return { listing: `${kind}#${shardOf(id)}`, listed: place }
}

/** At most `limit` items of a list in the order of their places' bytes. Reads up to `limit` of each shard. */
export async function readListing<Item extends { readonly listed: string }>(
  tables: DynamoDBDocumentClient,
  tableName: string,
  { kind, after, before, limit }: ListingQuery,
): Promise<ListingPage<Item>> {
  // No place has a space or a tilde: one sorts before every other character of a place, the other after.
  const first = `${after ?? ''} `
  const last = before ?? '~'
  if (first > last) return { items: [] }
  const pages = await Promise.all(
    shards.map((shard) =>
      tables.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'listings',
          KeyConditionExpression: 'listing = :listing AND listed BETWEEN :first AND :last',
          ExpressionAttributeValues: { ':listing': `${kind}#${shard}`, ':first': first, ':last': last },
          Limit: limit,
        }),
      ),
    ),
  )
  const found = pages.flatMap(({ Items = [] }) => Items as Item[]).sort((a, b) => (a.listed < b.listed ? -1 : 1))
  const items = found.slice(0, limit)
  const next = items.at(-1)?.listed
  const hasMore = found.length > limit || pages.some((page) => page.LastEvaluatedKey !== undefined)
  return hasMore && next !== undefined ? { items, next } : { items }
}
