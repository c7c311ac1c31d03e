import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { awsJson } from '#local/gateway/aws-json.ts'
import { createCall, requestContext } from '#local/gateway/call.ts'
import { restJson } from '#local/gateway/rest-json.ts'
import { type Authorizer, AwsError, type Call, type Caller, type HttpService, type Operations } from '#local/service.ts'
import { queueUrlOf } from '#local/sqs/queue-url-of.ts'
import { openStore } from '#local/store.ts'
import { createAsyncInvocations } from './async-invocations.ts'
import { createBatchesInFlight } from './batches-in-flight.ts'
import { createEventSources } from './event-source-operations.ts'
import { createFunctionLog } from './function-log.ts'
import { createFunctionOperations } from './function-operations.ts'
import type { FunctionRecord } from './function-record.ts'
import { createFunctionStore } from './function-store.ts'
import { createInvoker } from './invoke-function.ts'
import { createInvokeOperation } from './invoke-operation.ts'
import { createLogGroups } from './log-groups.ts'
import { createPermissionOperations } from './permission-operations.ts'
import { createQueuePollers } from './queue-pollers.ts'
import { type AssumeRole, createRoleSessions } from './role-sessions.ts'
import { lambdaRoutes } from './routes.ts'

export interface LambdaOptions {
  /** Holds lambda.db and the compile cache. */
  readonly folder: string
  /** A file for each function. */
  readonly logFolder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly authorizer: Authorizer
  /** A session of a role that trusts `lambda.amazonaws.com`; throws an AwsError otherwise. */
  readonly assumeRole: AssumeRole
  readonly sqs: Operations
  /** The folder with the code that was uploaded to this bucket and key. */
  readonly findCode: (bucket: string, key: string) => string | undefined
  /** Where functions reach the embedded cloud: `http://127.0.0.1:PORT`. */
  readonly endpoint: () => string
  /** Authority of the embedded cloud's TLS servers, for the functions to trust. */
  readonly caFile?: string
  readonly log: (line: string) => void
  /** Processes of a function without reserved concurrency. */
  readonly defaultConcurrency?: number
  readonly idleMs?: number
  readonly retryDelaysMs?: readonly number[]
}

export interface Lambda {
  readonly operations: Operations
  readonly service: HttpService
  readonly logs: { readonly operations: Operations; readonly service: HttpService }
  /** Takes up event source mappings and accepted events of an earlier run. */
  start(): Promise<void>
  /** Takes no more events, and waits a while for those at work. */
  settle(): Promise<void>
  close(): Promise<void>
}

export function createLambda(options: LambdaOptions): Lambda {
  const { accountId, region, clock, authorizer, sqs, log } = options
  const store = openStore(join(options.folder, 'lambda.db'))
  const functions = createFunctionStore(store, accountId, region)
  const logGroups = createLogGroups(store, accountId, region, clock)
  const logs = createFunctionLog({ folder: options.logFolder, authorizer, groups: logGroups, log })
  const roles = createRoleSessions(options.assumeRole, clock)
  const invoker = createInvoker({
    folder: options.folder,
    region,
    functions,
    logs,
    assumeRole: roles.assume,
    endpoint: options.endpoint,
    caFile: options.caFile,
    clock,
    defaultConcurrency: options.defaultConcurrency ?? 10,
    idleMs: options.idleMs ?? 60_000,
  })

  function callAs(caller: Caller): Call {
    const context = { ...requestContext(caller, region, clock()), 'aws:ViaAWSService': 'true' }
    return createCall({ authorizer, caller, requestId: randomUUID(), sourceIp: 'lambda.amazonaws.com', context })
  }

  async function callSqs(record: FunctionRecord, operation: string, input: object): Promise<unknown> {
    return sqs[operation]?.(input, callAs(roles.caller(record)))
  }

  const asyncInvocations = createAsyncInvocations({
    store,
    invoker,
    clock,
    log,
    retryDelaysMs: options.retryDelaysMs ?? [60_000, 120_000],
    async giveUp(name, payload, requestId, reason) {
      const record = functions.find(name)
      const queueArn = record?.configuration.DeadLetterConfig?.TargetArn
      if (!record || !queueArn) return
      const attribute = (StringValue: string) => ({ DataType: 'String', StringValue })
      await callSqs(record, 'SendMessage', {
        QueueUrl: queueUrlOf(queueArn),
        MessageBody: payload,
        MessageAttributes: { RequestID: attribute(requestId), ErrorMessage: attribute(reason.slice(0, 1024)) },
      })
    },
  })

  const inFlight = createBatchesInFlight(store, sqs)
  const pollers = createQueuePollers({
    findMapping: (uuid) => eventSources.find(uuid),
    region,
    clock,
    log,
    defaultConcurrency: 5,
    remember: inFlight.remember,
    invoke: (arn, payload, requestId) => invoker.invoke(functions.parseName(arn), payload, requestId),
    callSqs: (functionArn, operation, input) => callSqs(functions.get(functionArn), operation, input),
  })

  const eventSources = createEventSources({
    store,
    functions,
    accountId,
    region,
    clock,
    requireOfRole: (record, action, resource) => authorizer.require(roles.caller(record), action, resource),
    async readQueue(record, queueArn) {
      const url = queueUrlOf(queueArn)
      const input = { QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }
      const { Attributes } = (await callSqs(record, 'GetQueueAttributes', input)) as {
        Attributes: Record<string, string>
      }
      return { url, visibilitySeconds: Number(Attributes.VisibilityTimeout) }
    },
    onChange: pollers.ensure,
  })

  const operations: Operations = {
    ...createFunctionOperations({
      functions,
      clock,
      findCode: options.findCode,
      onChange: invoker.renew,
      checkRole(roleArn, call) {
        call.authorize('iam:PassRole', roleArn, { context: { 'iam:PassedToService': 'lambda.amazonaws.com' } })
        try {
          options.assumeRole(roleArn, 'check')
        } catch (cause) {
          const message = 'The role defined for the function cannot be assumed by Lambda.'
          throw new AwsError('InvalidParameterValueException', message, 400, { cause })
        }
      },
    }),
    ...createPermissionOperations(functions),
    ...eventSources.operations,
    ...createInvokeOperation(functions, invoker, asyncInvocations),
  }

  return {
    operations,
    service: withInvocationStatus(restJson({ operations, routes: lambdaRoutes })),
    logs: {
      operations: logGroups.operations,
      service: awsJson({ operations: logGroups.operations, target: 'Logs_20140328', version: '1.1' }),
    },
    async start() {
      await inFlight.renewAll()
      for (const { UUID } of eventSources.list()) pollers.ensure(UUID)
      asyncInvocations.start()
    },
    settle() {
      asyncInvocations.stop()
      return pollers.settle()
    },
    async close() {
      await this.settle()
      inFlight.close()
      await invoker.close()
      await logs.close()
      store.close()
    },
  }
}

/** The status of an invocation depends on its type, not on the operation. */
function withInvocationStatus(service: HttpService): HttpService {
  const statuses: Record<string, number> = { Event: 202, DryRun: 204 }
  return {
    ...service,
    async handle(request, call) {
      const response = await service.handle(request, call)
      const status = statuses[String(request.headers['x-amz-invocation-type'])]
      return status && response.status === 200 ? { ...response, status } : response
    },
  }
}
