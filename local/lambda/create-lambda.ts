import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { awsJson } from '#local/gateway/aws-json.ts'
import { createCall, requestContext } from '#local/gateway/call.ts'
import { restJson } from '#local/gateway/rest-json.ts'
import { type Authorizer, AwsError, type Call, type Caller, type HttpService, type Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { createAsyncInvocations } from './async-invocations.ts'
import { createBatchesInFlight } from './batches-in-flight.ts'
import { createEventSources } from './event-source-operations.ts'
import { createFunctionLog } from './function-log.ts'
import { createFunctionOperations } from './function-operations.ts'
import type { FunctionRecord } from './function-record.ts'
import { createFunctionStore } from './function-store.ts'
import { createInvoker, type RoleSession } from './invoke-function.ts'
import { createInvokeOperation } from './invoke-operation.ts'
import { createLogGroups } from './log-groups.ts'
import { createPermissionOperations } from './permission-operations.ts'
import { type QueuePoller, startQueuePoller } from './queue-poller.ts'
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
  readonly assumeRole: (roleArn: string, sessionName: string) => RoleSession
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
  const assumeRole = (roleArn: string, sessionName: string): RoleSession => {
    try {
      return options.assumeRole(roleArn, sessionName)
    } catch (cause) {
      const message = 'The role defined for the function cannot be assumed by Lambda.'
      throw new AwsError('AccessDeniedException', message, 403, { cause })
    }
  }
  const invoker = createInvoker({
    folder: options.folder,
    region,
    functions,
    logs,
    assumeRole,
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

  // The session of a function's role in process; Lambda renews it a while before it ends.
  const sessions = new Map<string, RoleSession>()
  function roleCaller({ configuration: { FunctionName, Role } }: FunctionRecord): Caller {
    const key = `${FunctionName} ${Role}`
    const known = sessions.get(key)
    if (known && known.expiration.getTime() - clock().getTime() > 60_000) return known.caller
    const session = assumeRole(Role, FunctionName)
    sessions.set(key, session)
    return session.caller
  }

  async function callSqs(record: FunctionRecord, operation: string, input: object): Promise<unknown> {
    return sqs[operation]?.(input, callAs(roleCaller(record)))
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
  const pollers = new Map<string, QueuePoller>()

  function startPoller(uuid: string): void {
    const find = () => {
      const mapping = eventSources.find(uuid)
      return mapping?.State === 'Enabled' ? mapping : undefined
    }
    if (pollers.has(uuid) || !find()) return
    const poller = startQueuePoller({
      mapping: find,
      region,
      clock,
      log,
      defaultConcurrency: 5,
      remember: inFlight.remember,
      invoke: (arn, payload, requestId) => invoker.invoke(functions.parseName(arn), payload, requestId),
      callSqs(operation, input) {
        const mapping = eventSources.find(uuid)
        if (!mapping) throw new Error('the event source mapping is gone')
        return callSqs(functions.get(mapping.FunctionArn), operation, input)
      },
    })
    pollers.set(uuid, poller)
    poller.ended.finally(() => {
      if (pollers.get(uuid) === poller) pollers.delete(uuid)
    })
  }

  const eventSources = createEventSources({
    store,
    functions,
    accountId,
    region,
    clock,
    requireOfRole: (record, action, resource) => authorizer.require(roleCaller(record), action, resource),
    async readQueue(record, queueArn) {
      const url = queueUrlOf(queueArn)
      const input = { QueueUrl: url, AttributeNames: ['VisibilityTimeout'] }
      const { Attributes } = (await callSqs(record, 'GetQueueAttributes', input)) as {
        Attributes: Record<string, string>
      }
      return { url, visibilitySeconds: Number(Attributes.VisibilityTimeout) }
    },
    onChange: startPoller,
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
      await inFlight.release()
      for (const { UUID } of eventSources.list()) startPoller(UUID)
      asyncInvocations.start()
    },
    async settle() {
      asyncInvocations.stop()
      for (const poller of pollers.values()) poller.stop()
      // A batch that is cut off comes again only after its visibility timeout.
      const settled = Promise.all([...pollers.values()].map((poller) => poller.settle()))
      await Promise.race([settled, setTimeout(settleGraceMs, undefined, { ref: false })])
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

const settleGraceMs = 3000

/** SQS looks only at the path of a queue URL. */
function queueUrlOf(queueArn: string): string {
  const [, , , , accountId, name] = queueArn.split(':')
  return `https://sqs/${accountId}/${name}`
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
