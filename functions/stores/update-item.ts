import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { isTaken } from './conditional-write.ts'

export interface ItemChange {
  readonly set: Readonly<Record<string, unknown>>
  /** Set only where the item has no such member yet. */
  readonly once?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
  /** May speak of `:name` of everything that is set, and of `values`. */
  readonly condition?: string
  readonly values?: Readonly<Record<string, unknown>>
}

/** Changes one item, named by its `pk` or its whole key, while the condition holds; members that are undefined are left as they are. False when it does not hold. */
export function updateItem(
  tables: DynamoDBDocumentClient,
  tableName: string,
  key: string | Readonly<Record<string, string>>,
  { set, once = {}, remove = [], condition, values = {} }: ItemChange,
): Promise<boolean> {
  const members = Object.entries(set).filter(([, value]) => value !== undefined)
  const names = [...members.map(([name]) => name), ...Object.keys(once), ...remove]
  const assignments = [
    ...members.map(([name]) => `#${name} = :${name}`),
    ...Object.keys(once).map((name) => `#${name} = if_not_exists(#${name}, :${name})`),
  ].join(', ')
  const removals = remove.length === 0 ? '' : ` REMOVE ${remove.map((name) => `#${name}`).join(', ')}`
  return isTaken(
    tables.send(
      new UpdateCommand({
        TableName: tableName,
        Key: typeof key === 'string' ? { pk: key } : key,
        UpdateExpression: `SET ${assignments}${removals}`,
        ...(condition === undefined ? {} : { ConditionExpression: condition }),
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries([...members, ...Object.entries(once)].map(([name, value]) => [`:${name}`, value])),
          ...values,
        },
      }),
    ),
  )
}
