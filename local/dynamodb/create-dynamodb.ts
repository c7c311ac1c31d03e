import { join } from 'node:path'
import { awsJson } from '#local/gateway/aws-json.ts'
import { parseJsonObject } from '#local/gateway/parse-json-object.ts'
import { readBody } from '#local/gateway/read-body.ts'
import { AwsError, type Call, type HttpService, notImplemented, type Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { startEngine } from './engine.ts'
import { operationResources } from './operation-resources.ts'
import { type CallEngine, reapExpiredItems } from './reap-expired-items.ts'
import { createTableOperations, type TableInput, type TableOperation } from './table-operations.ts'
import { createSettingsStore, type TableSettings } from './table-settings.ts'

export interface DynamoDbOptions {
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly log: (line: string) => void
}

export interface DynamoDb {
  readonly operations: Operations
  readonly service: HttpService
  /** Settles when the engine has opened its files. */
  ready(): Promise<void>
  close(): Promise<void>
}

/** Operations whose requests and answers the engine's are, byte for byte. */
const passed = new Set([
  'BatchGetItem',
  'BatchWriteItem',
  'DeleteItem',
  'GetItem',
  'ListTables',
  'ListTagsOfResource',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'UpdateItem',
])

/** Members that the engine would skip silently. */
const unsupported = [
  'StreamSpecification',
  'ReplicaUpdates',
  'ResourcePolicy',
  'OnDemandThroughput',
  'WarmThroughput',
  'GlobalTableWitnessUpdates',
]

const reapIntervalMs = 60_000

export function createDynamoDb({ folder, accountId, region, clock, log }: DynamoDbOptions): DynamoDb {
  const store = openStore(join(folder, 'table-settings.db'))
  const settings = createSettingsStore(store.collection<TableSettings>('table-settings'))
  const engine = startEngine({ folder, accountId, region, log })
  const tableArn = (name: string) =>
    name.startsWith('arn:') ? name : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`

  const callEngine: CallEngine = async (operation, input) => {
    const { status, body } = await engine.request(operation, JSON.stringify(input))
    const answer = JSON.parse(body.toString() || '{}')
    if (status === 200) return answer
    const { __type = 'InternalServerError', message, Message, ...members } = answer
    throw new AwsError(__type.slice(__type.indexOf('#') + 1), message ?? Message ?? '', status, { members })
  }

  function authorize(operation: string, input: object, call: Call): void {
    for (const arn of operationResources(operation, input, tableArn)) call.authorize(`dynamodb:${operation}`, arn)
    const refused = unsupported.find((name) => (input as Record<string, unknown>)[name] !== undefined)
    if (refused) throw notImplemented(`${refused} of DynamoDB's ${operation}`)
    const { ReturnValuesOnConditionCheckFailure: returns } = input as { ReturnValuesOnConditionCheckFailure?: string }
    if (returns && returns !== 'NONE') throw notImplemented(`ReturnValuesOnConditionCheckFailure ${returns}`)
  }

  const operations: Readonly<Record<string, TableOperation>> = {
    ...createTableOperations({ callEngine, run: engine.run, settings, clock }),
    ...Object.fromEntries([...passed].map((name) => [name, (input: object) => callEngine(name, input)])),
  }
  const authorized: Operations = Object.fromEntries(
    Object.entries(operations).map(([name, run]) => [
      name,
      (input: TableInput, call: Call) => {
        authorize(name, input, call)
        return run(input)
      },
    ]),
  )

  const json = awsJson({ operations: authorized, target: 'DynamoDB_20120810', version: '1.0' })
  const service: HttpService = {
    encodeError: json.encodeError,
    async handle(request, call) {
      const operation = String(request.headers['x-amz-target']).replace('DynamoDB_20120810.', '')
      if (!passed.has(operation)) return json.handle(request, call)
      const body = await readBody(request)
      authorize(operation, parseJsonObject(body), call)
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': call.requestId }
      return { ...(await engine.request(operation, body)), headers }
    },
  }

  const reaper = setInterval(async () => {
    for (const expiring of settings.expiring()) {
      await reapExpiredItems(callEngine, expiring, clock()).catch((error) => log(`${expiring.table}: ${error.message}`))
    }
  }, reapIntervalMs).unref()

  return {
    operations: authorized,
    service,
    ready: engine.ready,
    async close() {
      clearInterval(reaper)
      await engine.close()
      store.close()
    },
  }
}
