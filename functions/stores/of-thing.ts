import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'

/** Every item of a thing whose key begins so, in no order. What was written a moment ago may be missing: it is an index. */
export async function readOfThing<Item>(
  tables: DynamoDBDocumentClient,
  tableName: string,
  thingName: string,
  keyPrefix: string,
): Promise<Item[]> {
  const items: Item[] = []
  let ExclusiveStartKey: Record<string, unknown> | undefined
  do {
    const page = await tables.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: 'of-thing',
        KeyConditionExpression: 'thingName = :thingName AND begins_with(pk, :prefix)',
        ExpressionAttributeValues: { ':thingName': thingName, ':prefix': keyPrefix },
        ExclusiveStartKey,
      }),
    )
    items.push(...((page.Items ?? []) as Item[]))
    ExclusiveStartKey = page.LastEvaluatedKey
  } while (ExclusiveStartKey)
  return items
}
