import { AwsError } from '#local/service.ts'
import type { Store } from '#local/store.ts'
import type { FunctionRecord } from './function-record.ts'

export type FunctionStore = ReturnType<typeof createFunctionStore>

export function createFunctionStore(store: Store, accountId: string, region: string) {
  const functions = store.collection<FunctionRecord>('function')
  const arnOf = (name: string) => `arn:aws:lambda:${region}:${accountId}:function:${name}`

  /** A name, an ARN or a partial ARN (`123456789012:function:NAME`), with `:$LATEST` or without. */
  function parseName(reference: string): string {
    const parts = /^(?:(?:arn:aws:lambda:[^:]*:)?[^:]*:function:)?([\w-]{1,64})(?::\$LATEST)?$/.exec(String(reference))
    if (parts?.[1]) return parts[1]
    throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(String(reference))}`, 404)
  }

  return {
    arnOf,
    parseName,
    find: (name: string) => functions.get(name),
    get(reference: string): FunctionRecord {
      const name = parseName(reference)
      const found = functions.get(name)
      if (found) return found
      throw new AwsError('ResourceNotFoundException', `Function not found: ${arnOf(name)}`, 404)
    },
    create(record: FunctionRecord): void {
      const name = record.configuration.FunctionName
      if (functions.create(name, record)) return
      throw new AwsError('ResourceConflictException', `Function already exist: ${name}`, 409)
    },
    put: (record: FunctionRecord) => functions.put(record.configuration.FunctionName, record),
    delete: (name: string) => functions.delete(name),
    list: (range: { after?: string; limit?: number } = {}) => functions.list(range).map((row) => row.value),
  }
}
