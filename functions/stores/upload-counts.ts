import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { UploadStat } from '#contract/stats-api.ts'
import { partitionsOfFleet, partitionsOfThing, type UploadRow } from './upload-row.ts'

interface CountRange {
  /** Of one thing; of the whole fleet when not given. */
  readonly thingName: string | undefined
  readonly from: Date
  readonly to: Date
  /** Where an earlier page stopped in each partition: the last position that it counted, empty at the beginning, or null at the end. */
  readonly places?: readonly (string | null)[] | undefined
  /** What one answer reads at most. */
  readonly maxRows?: number
}

interface CountPage {
  readonly stats: UploadStat[]
  /** Absent when all is counted. */
  readonly places?: readonly (string | null)[]
}

/** Some 25 queries, as one gives about 2,000 rows. */
const defaultMaxRows = 50_000

type CountedRow = Pick<UploadRow, 'thingName' | 'event' | 'eventTime' | 'sizeBytes' | 'position'>

/**
 * Counts and bytes for each thing and UTC day, made from the rows at the moment of asking: a duplicate event is the same
 * row, so they are exact with nothing to keep up. It costs the reading of what is counted: about one read unit for ten rows.
 */
export async function countUploads(
  tables: DynamoDBDocumentClient,
  tableName: string,
  { thingName, from, to, places, maxRows = defaultMaxRows }: CountRange,
): Promise<CountPage> {
  const place = countedPartitions(thingName)
  const sums = new Map<string, UploadStat>()

  async function countPartition(partition: string, after: string | null): Promise<string | null> {
    let last = after
    let left = Math.ceil(maxRows / place.partitions.length)
    while (last !== null && left > 0) {
      const { Items = [], LastEvaluatedKey } = await tables.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: place.index,
          KeyConditionExpression: '#partition = :partition AND #position BETWEEN :first AND :last',
          ProjectionExpression: 'thingName, #event, eventTime, sizeBytes, #position',
          ExpressionAttributeNames: { '#partition': place.partitionKey, '#position': 'position', '#event': 'event' },
          ExpressionAttributeValues: {
            ':partition': partition,
            // A place and what sorts next after it, which is no position.
            ':first': last === '' ? from.toISOString() : `${last} `,
            ':last': to.toISOString(),
          },
          Limit: left,
        }),
      )
      for (const row of Items as CountedRow[]) addTo(sums, row)
      left -= Items.length
      last = LastEvaluatedKey === undefined ? null : (LastEvaluatedKey.position as string)
    }
    return last
  }

  const begun = places ?? place.partitions.map(() => '')
  const ends = await Promise.all(place.partitions.map((partition, at) => countPartition(partition, begun[at] ?? null)))
  const stats = [...sums.values()]
  return ends.every((end) => end === null) ? { stats } : { stats, places: ends }
}

/** Where the rows lie that are counted: as many places has a page that does not end. */
export function countedPartitions(thingName: string | undefined) {
  return thingName === undefined
    ? { index: 'fleet', partitionKey: 'fleetShard', partitions: partitionsOfFleet() }
    : { index: undefined, partitionKey: 'thing', partitions: partitionsOfThing(thingName) }
}

function addTo(sums: Map<string, UploadStat>, { thingName, event, eventTime, sizeBytes = 0 }: CountedRow): void {
  const day = eventTime.slice(0, 'YYYY-MM-DD'.length)
  const place = `${day} ${thingName ?? ''}`
  const sum = sums.get(place) ?? { day, arrived: 0, arrivedBytes: 0, removed: 0, ...(thingName && { thingName }) }
  if (event === 'created') {
    sum.arrived++
    sum.arrivedBytes += sizeBytes
  } else {
    sum.removed++
  }
  sums.set(place, sum)
}
