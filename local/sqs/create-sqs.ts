import { join } from 'node:path'
import { awsJson } from '#local/gateway/aws-json.ts'
import { type HttpService, notImplemented, type Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { createArrivals } from './arrivals.ts'
import { createAttributeOperations } from './attribute-operations.ts'
import { createMessageStore } from './message-store.ts'
import { createMoveTaskOperations } from './move-task-operations.ts'
import { createMoveTaskRunner, type MoveTask } from './move-tasks.ts'
import { createQueueOperations } from './queue-operations.ts'
import { createQueueStore } from './queue-store.ts'
import { createReceiptOperations } from './receipt-operations.ts'
import { createReceiveOperations } from './receive-operations.ts'
import { createSendOperations } from './send-operations.ts'
import type { SqsState } from './sqs-state.ts'
import { createTagOperations } from './tag-operations.ts'

export interface SqsOptions {
  /** Holds sqs.db. */
  readonly folder: string
  readonly accountId: string
  readonly region: string
  /** Where queue URLs point: `http://127.0.0.1:4566`. */
  readonly endpoint: () => string
  readonly clock: () => Date
}

/** Error names that the query protocol of before 2023 had otherwise; SDKs still show these codes. */
const queryErrorCodes: Readonly<Record<string, string>> = {
  QueueNameExists: 'QueueAlreadyExists',
  ...Object.fromEntries(
    [
      ['QueueDoesNotExist', 'NonExistentQueue'],
      ...[
        'BatchEntryIdsNotDistinct',
        'BatchRequestTooLong',
        'EmptyBatchRequest',
        'InvalidBatchEntryId',
        'MessageNotInflight',
        'PurgeQueueInProgress',
        'TooManyEntriesInBatchRequest',
        'UnsupportedOperation',
      ].map((code) => [code, code]),
    ].map(([code, queryCode]) => [code, `AWS.SimpleQueueService.${queryCode}`]),
  ),
}

/** Standard queues on SQLite. close() also ends every long poll. */
export function createSqs(options: SqsOptions) {
  const store = openStore(join(options.folder, 'sqs.db'))
  const arrivals = createArrivals()
  const state: SqsState = {
    accountId: options.accountId,
    queues: createQueueStore(store, options),
    messages: createMessageStore(store),
    arrivals,
    clock: options.clock,
    endpoint: options.endpoint,
    transaction: store.transaction,
  }
  const tasks = store.collection<MoveTask>('move-task')
  const runner = createMoveTaskRunner(state, tasks)
  const operations = {
    ...createQueueOperations(state),
    ...createAttributeOperations(state),
    ...createTagOperations(state),
    ...createSendOperations(state),
    ...createReceiveOperations(state),
    ...createReceiptOperations(state),
    ...createMoveTaskOperations(state, tasks, runner),
  } satisfies Operations
  for (const { id } of tasks.list()) runner.run(id)

  return {
    operations,
    service: refuseQueryProtocol(awsJson({ operations, target: 'AmazonSQS', version: '1.0', queryErrorCodes })),
    close() {
      runner.close()
      arrivals.close()
      store.close()
    },
  }
}

function refuseQueryProtocol(service: HttpService): HttpService {
  return {
    ...service,
    handle(request, call) {
      if (request.headers['x-amz-target'] === undefined) {
        throw notImplemented(
          'the query protocol of SQS: use an SDK or an AWS CLI of November 2023 or newer, which speak JSON',
        )
      }
      return service.handle(request, call)
    },
  }
}
