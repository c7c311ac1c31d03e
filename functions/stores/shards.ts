import { createHash } from 'node:crypto'

/**
 * Lists of the whole fleet are spread over this many partitions: a partition takes 1,000 writes a second
 * (DynamoDB developer guide, "Designing partition keys"), and a list reads all of them at once. Rows keep
 * the shard they were written with: a larger number only spreads what comes later.
 */
const shardCount = 8

export const shards: readonly number[] = Array.from({ length: shardCount }, (_, shard) => shard)

/** The shard of a name: the same one each time, evenly spread. */
export function shardOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) % shardCount
}
