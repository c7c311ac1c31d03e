import type { GetQueueAttributesCommandInput, SetQueueAttributesCommandInput } from '@aws-sdk/client-sqs'
import { AwsError, type Operations } from '#local/service.ts'
import { checkRedrive } from './check-redrive.ts'
import { openQueue } from './open-queue.ts'
import { parseAttributes } from './parse-attributes.ts'
import { numericDefaults, type Queue } from './queue.ts'
import type { SqsState } from './sqs-state.ts'

const settable = [
  ...Object.keys(numericDefaults),
  'Policy',
  'RedrivePolicy',
  'RedriveAllowPolicy',
  'SqsManagedSseEnabled',
]
const counted = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
]
const known: ReadonlySet<string> = new Set([
  ...settable,
  ...counted,
  'All',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
  // Asked for by name these are absent from the answer, as for any queue that is neither FIFO nor under a KMS key.
  'ContentBasedDeduplication',
  'DeduplicationScope',
  'FifoQueue',
  'FifoThroughputLimit',
  'KmsDataKeyReusePeriodSeconds',
  'KmsMasterKeyId',
])

export function createAttributeOperations(state: SqsState) {
  const { queues, messages, clock } = state

  function describe(queue: Queue): Record<string, string> {
    const { visible, inFlight, delayed } = messages.count(queue.name, clock().getTime())
    const defaults = Object.entries(numericDefaults).map(([name, value]) => [name, String(value)])
    const set = Object.entries(queue.attributes).filter(([, value]) => value !== '')
    return {
      ...Object.fromEntries(defaults),
      SqsManagedSseEnabled: 'true',
      ...Object.fromEntries(set),
      ApproximateNumberOfMessages: String(visible),
      ApproximateNumberOfMessagesDelayed: String(delayed),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
      CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
      LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
      QueueArn: queue.arn,
    }
  }

  return {
    GetQueueAttributes(input: GetQueueAttributesCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'GetQueueAttributes', call)
      const names: readonly string[] = input.AttributeNames ?? []
      const unknown = names.find((name) => !known.has(name))
      if (unknown !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`)
      if (names.length === 0) return {}
      const all = Object.entries(describe(queue))
      const asked = names.includes('All') ? all : all.filter(([name]) => names.includes(name))
      return { Attributes: Object.fromEntries(asked) }
    },

    SetQueueAttributes(input: SetQueueAttributesCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'SetQueueAttributes', call)
      const attributes = { ...queue.attributes, ...parseAttributes(input.Attributes ?? {}) }
      const changed = { ...queue, attributes, modifiedAt: clock().getTime() }
      checkRedrive(changed, queues.findByArn)
      queues.put(changed)
    },
  } satisfies Operations
}
