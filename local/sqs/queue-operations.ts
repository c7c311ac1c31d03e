import type {
  CreateQueueCommandInput,
  CreateQueueCommandOutput,
  DeleteQueueCommandInput,
  GetQueueUrlCommandInput,
  ListDeadLetterSourceQueuesCommandInput,
  ListQueuesCommandInput,
  PurgeQueueCommandInput,
} from '@aws-sdk/client-sqs'
import { AwsError, notImplemented, type Operations } from '#local/service.ts'
import { checkRedrive } from './check-redrive.ts'
import { missingParameter, openQueue, readRange } from './open-queue.ts'
import { parseAttributes } from './parse-attributes.ts'
import { numericDefaults, type Queue, readPolicy } from './queue.ts'
import { queueDoesNotExist } from './queue-store.ts'
import type { SqsState } from './sqs-state.ts'
import { parseTags } from './tag-operations.ts'

const PURGE_INTERVAL_MS = 60_000

export function createQueueOperations(state: SqsState) {
  const { queues, messages, clock } = state
  const formatUrl = (name: string) => `${state.endpoint()}/${state.accountId}/${name}`

  return {
    CreateQueue(input: CreateQueueCommandInput, call): Pick<CreateQueueCommandOutput, 'QueueUrl'> {
      const name = parseName(input.QueueName)
      call.authorize('sqs:CreateQueue', queues.formatArn(name))
      const asked = parseAttributes(input.Attributes ?? {})
      const existing = queues.get(name)
      if (existing) {
        checkSame(existing, asked)
        return { QueueUrl: formatUrl(name) }
      }
      const now = clock().getTime()
      const arn = queues.formatArn(name)
      const queue = { name, arn, attributes: asked, tags: parseTags(input.tags), createdAt: now, modifiedAt: now }
      checkRedrive(queue, queues.findByArn)
      queues.put(queue)
      return { QueueUrl: formatUrl(name) }
    },

    DeleteQueue(input: DeleteQueueCommandInput, call) {
      const { name } = openQueue(state, input.QueueUrl, 'DeleteQueue', call)
      state.transaction(() => {
        queues.delete(name)
        messages.deleteAll(name)
      })
      state.arrivals.announce(name)
    },

    GetQueueUrl(input: GetQueueUrlCommandInput, call) {
      const name = parseName(input.QueueName)
      const isOwn = (input.QueueOwnerAWSAccountId ?? state.accountId) === state.accountId
      const queue = isOwn ? queues.get(name) : undefined
      call.authorize('sqs:GetQueueUrl', queues.formatArn(name), { resourcePolicy: queue && readPolicy(queue) })
      if (!queue) throw queueDoesNotExist()
      return { QueueUrl: formatUrl(name) }
    },

    ListQueues(input: ListQueuesCommandInput, call) {
      call.authorize('sqs:ListQueues', queues.formatArn('*'))
      const limit = readRange(input.MaxResults, 'MaxResults', 1, 1000)
      const { page, NextToken } = paginate(
        queues.list({ prefix: input.QueueNamePrefix ?? '', after: input.NextToken ?? '', limit: (limit ?? 1000) + 1 }),
        limit,
      )
      return { QueueUrls: page.map(({ name }) => formatUrl(name)), NextToken }
    },

    ListDeadLetterSourceQueues(input: ListDeadLetterSourceQueuesCommandInput, call) {
      const { arn } = openQueue(state, input.QueueUrl, 'ListDeadLetterSourceQueues', call)
      const limit = readRange(input.MaxResults, 'MaxResults', 1, 1000)
      const after = input.NextToken ?? ''
      const { page, NextToken } = paginate(
        queues.listSources(arn).filter(({ name }) => name > after),
        limit,
      )
      return { queueUrls: page.map(({ name }) => formatUrl(name)), NextToken }
    },

    PurgeQueue(input: PurgeQueueCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'PurgeQueue', call)
      const now = clock().getTime()
      if (queue.purgedAt !== undefined && now - queue.purgedAt < PURGE_INTERVAL_MS) {
        const message = `Only one PurgeQueue operation on ${queue.name} is allowed every 60 seconds.`
        throw new AwsError('PurgeQueueInProgress', message, 403)
      }
      state.transaction(() => {
        messages.deleteAll(queue.name)
        queues.put({ ...queue, purgedAt: now })
      })
    },
  } satisfies Operations
}

function parseName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw missingParameter('QueueName')
  if (name.endsWith('.fifo')) throw notImplemented('FIFO queues')
  if (/^[\w-]{1,80}$/.test(name)) return name
  throw new AwsError(
    'InvalidParameterValue',
    'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  )
}

function checkSame(existing: Queue, asked: Readonly<Record<string, string>>): void {
  const current: Record<string, unknown> = { ...numericDefaults, SqsManagedSseEnabled: 'true', ...existing.attributes }
  for (const [name, value] of Object.entries(asked)) {
    if (String(current[name] ?? '') === value) continue
    throw new AwsError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${name}`,
    )
  }
}

/** Without MaxResults there are at most 1,000 results and no token (ListQueues, API reference). */
function paginate(found: readonly Queue[], limit: number | undefined) {
  const page = found.slice(0, limit ?? 1000)
  return { page, NextToken: limit !== undefined && found.length > limit ? page.at(-1)?.name : undefined }
}
