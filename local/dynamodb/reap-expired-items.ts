import type { AttributeValue, ScanCommandOutput, TableDescription } from '@aws-sdk/client-dynamodb'

/** Calls the engine and returns its answer; throws what it answers as an error. */
export type CallEngine = <Output>(operation: string, input: object) => Promise<Output>

/** Deletes items whose time to live has passed, as DynamoDB does in the background. Returns how many. */
export async function reapExpiredItems(
  callEngine: CallEngine,
  { table, attribute }: { table: string; attribute: string },
  now: Date,
): Promise<number> {
  const { Table } = await callEngine<{ Table: TableDescription }>('DescribeTable', { TableName: table })
  const keys = (Table.KeySchema ?? []).map((element) => element.AttributeName ?? '')
  const expression = {
    TableName: table,
    ExpressionAttributeNames: { '#ttl': attribute },
    ExpressionAttributeValues: { ':now': { N: String(Math.floor(now.getTime() / 1000)) } },
  }
  let deleted = 0
  let start: Record<string, AttributeValue> | undefined
  do {
    const page: ScanCommandOutput = await callEngine('Scan', {
      ...expression,
      FilterExpression: '#ttl < :now',
      ...(start && { ExclusiveStartKey: start }),
    })
    for (const item of page.Items ?? []) {
      const Key = Object.fromEntries(keys.map((name) => [name, item[name]]))
      // An item that was renewed since the scan stays.
      const condition = { ConditionExpression: '#ttl < :now', Key }
      const removal = callEngine('DeleteItem', { ...expression, ...condition })
      deleted += await removal.then(
        () => 1,
        () => 0,
      )
    }
    start = page.LastEvaluatedKey
  } while (start)
  return deleted
}
