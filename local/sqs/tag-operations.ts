import type { ListQueueTagsCommandInput, TagQueueCommandInput, UntagQueueCommandInput } from '@aws-sdk/client-sqs'
import { AwsError, type Operations } from '#local/service.ts'
import { openQueue } from './open-queue.ts'
import type { SqsState } from './sqs-state.ts'

const MAX_TAGS = 50

export function createTagOperations(state: SqsState) {
  return {
    ListQueueTags(input: ListQueueTagsCommandInput, call) {
      const { tags } = openQueue(state, input.QueueUrl, 'ListQueueTags', call)
      return Object.keys(tags).length > 0 ? { Tags: tags } : {}
    },

    TagQueue(input: TagQueueCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'TagQueue', call)
      state.queues.put({ ...queue, tags: parseTags({ ...queue.tags, ...input.Tags }) })
    },

    UntagQueue(input: UntagQueueCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'UntagQueue', call)
      const kept = Object.entries(queue.tags).filter(([key]) => !input.TagKeys?.includes(key))
      state.queues.put({ ...queue, tags: Object.fromEntries(kept) })
    },
  } satisfies Operations
}

export function parseTags(tags: Readonly<Record<string, unknown>> = {}): Record<string, string> {
  const entries = Object.entries(tags)
  if (entries.length > MAX_TAGS) throw invalid('Too many tags added.')
  for (const [key, value] of entries) {
    if (key === '' || key.length > 128 || key.toLowerCase().startsWith('aws:'))
      throw invalid(`Tag key ${key} is invalid.`)
    if (typeof value !== 'string' || value.length > 256) throw invalid(`The value of tag ${key} is invalid.`)
  }
  return Object.fromEntries(entries) as Record<string, string>
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message)
}
