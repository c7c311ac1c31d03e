import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'

export interface MergedRange {
  /** The table itself, when not given. */
  readonly index?: string
  readonly partitionKey: string
  readonly partitions: readonly string[]
  /** Over how many of them rows are spread evenly; all, when not given. */
  readonly evenPartitions?: number
  readonly sortKey: string
  /** Values of the sort key, both included. */
  readonly first: string
  readonly last: string
  readonly order: 'ascending' | 'descending'
}

export interface MergedPage<Row> {
  readonly rows: Row[]
  /** The sort key of the last row that was looked at; absent when nothing is left after it. */
  readonly next?: string
}

interface Selection<Row> {
  readonly limit: number
  readonly isWanted?: ((row: Row) => boolean) | undefined
}

/** A page looks at no more rows than this for those that are wanted. */
const maxSifted = 5000
/** Where few rows are wanted, pieces grow up to this. */
const maxPiece = 500
/** A query costs more than a few rows do. */
const minPiece = 8

/**
 * At most `limit` rows of several partitions, in the order of their sort key. Each partition is read in pieces of its
 * share of the limit, so that little more is read than is returned. With `isWanted` a page may hold fewer rows, even
 * none, and still have a next.
 */
export async function readMerged<Row extends object>(
  tables: DynamoDBDocumentClient,
  tableName: string,
  range: MergedRange,
  { limit, isWanted }: Selection<Row>,
): Promise<MergedPage<Row>> {
  if (range.first > range.last) return { rows: [] }
  const share = shareOf(limit, range.evenPartitions ?? range.partitions.length)
  const streams = range.partitions.map((partition) => openStream<Row>(tables, tableName, range, partition))
  const placeOf = (row: Row) => (row as Record<string, unknown>)[range.sortKey] as string
  const isBefore = (a: Row, b: Row) => (range.order === 'ascending' ? placeOf(a) < placeOf(b) : placeOf(a) > placeOf(b))
  const rows: Row[] = []
  for (let sifted = 1; ; sifted++) {
    const open = streams.filter(({ isAtEnd }) => !isAtEnd()).length
    const missing = Math.ceil((limit - rows.length) / open)
    const pieceOf = ({ pieces }: Stream<Row>) => {
      if (isWanted) return Math.min(share * 2 ** pieces, maxPiece)
      return pieces === 0 ? share : Math.max(missing, Math.min(share, minPiece))
    }
    await Promise.all(streams.filter(isDry).map((stream) => stream.fill(pieceOf(stream))))
    let nearest: Stream<Row> | undefined
    for (const stream of streams) {
      const head = stream.rows[0]
      if (head && (!nearest?.rows[0] || isBefore(head, nearest.rows[0]))) nearest = stream
    }
    const row = nearest?.rows.shift()
    if (!row) return { rows }
    if (isWanted?.(row) ?? true) rows.push(row)
    if (rows.length === limit || sifted === maxSifted) {
      return streams.some(({ rows: left, isAtEnd }) => left.length > 0 || !isAtEnd())
        ? { rows, next: placeOf(row) }
        : { rows }
    }
  }
}

/** With as much more as chance gives to a partition, so that most are read by one query. */
function shareOf(limit: number, partitions: number): number {
  return limit <= partitions ? 1 : Math.ceil(limit / partitions + Math.sqrt(limit / partitions))
}

interface Stream<Row> {
  readonly rows: Row[]
  /** How often it was filled. */
  readonly pieces: number
  readonly isAtEnd: () => boolean
  readonly fill: (limit: number) => Promise<void>
}

function isDry({ rows, isAtEnd }: Stream<unknown>): boolean {
  return rows.length === 0 && !isAtEnd()
}

function openStream<Row>(
  tables: DynamoDBDocumentClient,
  tableName: string,
  { index, partitionKey, sortKey, first, last, order }: MergedRange,
  partition: string,
): Stream<Row> {
  const rows: Row[] = []
  let pieces = 0
  let after: Record<string, unknown> | undefined
  return {
    rows,
    get pieces() {
      return pieces
    },
    isAtEnd: () => pieces > 0 && after === undefined,
    async fill(limit) {
      const { Items = [], LastEvaluatedKey } = await tables.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: index,
          KeyConditionExpression: '#partition = :partition AND #sort BETWEEN :first AND :last',
          ExpressionAttributeNames: { '#partition': partitionKey, '#sort': sortKey },
          ExpressionAttributeValues: { ':partition': partition, ':first': first, ':last': last },
          ScanIndexForward: order === 'ascending',
          Limit: limit,
          ExclusiveStartKey: after,
        }),
      )
      rows.push(...(Items as Row[]))
      after = LastEvaluatedKey
      pieces++
    },
  }
}
