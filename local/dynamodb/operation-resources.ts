import { AwsError } from '#local/service.ts'

/** What of an operation's input says which resources it touches. */
export interface ResourceInput {
  readonly TableName?: string
  readonly IndexName?: string
  readonly RequestItems?: Readonly<Record<string, unknown>>
  readonly ResourceArn?: string
}

/** The ARNs on which an operation must be allowed (Service Authorization Reference, "Amazon DynamoDB"). */
export function operationResources(
  operation: string,
  input: ResourceInput,
  tableArn: (name: string) => string,
): string[] {
  switch (operation) {
    case 'ListTables':
      return ['*']
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(input.RequestItems ?? {}).map((name) => tableArn(name))
    case 'TagResource':
    case 'UntagResource':
    case 'ListTagsOfResource':
      return [required('ResourceArn', input.ResourceArn)]
    case 'Query':
    case 'Scan': {
      const table = tableArn(required('TableName', input.TableName))
      return [input.IndexName ? `${table}/index/${input.IndexName}` : table]
    }
    default:
      return [tableArn(required('TableName', input.TableName))]
  }
}

function required(name: string, value: string | undefined): string {
  if (typeof value === 'string' && value !== '') return value
  throw new AwsError('ValidationException', `The parameter '${name}' is required but was not present in the request`)
}
