import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import type { TestCloud } from './test-cloud.ts'

interface Answer {
  readonly output?: { readonly ScannedCount?: number; readonly Item?: unknown }
}

/** Tables as the functions have them, and what is read through them: items that DynamoDB looked at, wanted or not. */
export function countItemsRead({ client }: TestCloud) {
  const inner = new DynamoDBClient(client())
  let items = 0
  inner.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args)
      const { ScannedCount, Item } = (answer as Answer).output ?? {}
      items += ScannedCount ?? (Item === undefined ? 0 : 1)
      return answer
    },
    { step: 'initialize' },
  )
  const tables = DynamoDBDocumentClient.from(inner, { marshallOptions: { removeUndefinedValues: true } })
  return {
    tables,
    /** What one reading answers, and how many items it read. */
    async reading<Result>(read: () => Promise<Result>): Promise<{ result: Result; items: number }> {
      items = 0
      return { result: await read(), items }
    },
  }
}
