import { setTimeout as wait } from 'node:timers/promises'
import { BatchWriteCommand, type BatchWriteCommandInput, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'

type WriteRequest = NonNullable<BatchWriteCommandInput['RequestItems']>[string][number]

/** BatchWriteItem takes 25 requests (DynamoDB API reference). */
const maxRequests = 25
const maxAttempts = 8

/** Puts and deletes items, no two of one key, 25 at a time. Throws when the table refuses some to the last attempt: write all of them again. */
export async function writeBatches(
  tables: DynamoDBDocumentClient,
  tableName: string,
  requests: readonly WriteRequest[],
): Promise<void> {
  for (let start = 0; start < requests.length; start += maxRequests) {
    await writeBatch(tables, tableName, requests.slice(start, start + maxRequests))
  }
}

/** Retries what DynamoDB left unprocessed, with exponential backoff and full jitter (DynamoDB developer guide, "Error retries"). */
async function writeBatch(tables: DynamoDBDocumentClient, tableName: string, batch: WriteRequest[]): Promise<void> {
  let requests = batch
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const { UnprocessedItems } = await tables.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }))
    requests = UnprocessedItems?.[tableName] ?? []
    if (requests.length === 0) return
    await wait(Math.random() * 25 * 2 ** attempt)
  }
  throw new Error(`DynamoDB left ${requests.length} items of a batch unwritten after ${maxAttempts} attempts`)
}
