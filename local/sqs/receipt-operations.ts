import type {
  ChangeMessageVisibilityBatchCommandInput,
  ChangeMessageVisibilityCommandInput,
  DeleteMessageBatchCommandInput,
  DeleteMessageCommandInput,
} from '@aws-sdk/client-sqs'
import { AwsError, type Operations } from '#local/service.ts'
import { parseEntries, runBatch } from './batch.ts'
import { missingParameter, openQueue, readRange } from './open-queue.ts'
import type { Queue } from './queue.ts'
import { parseReceiptHandle } from './receipt-handle.ts'
import type { SqsState } from './sqs-state.ts'

/** What the holder of a receipt handle can do: delete the message, or hold it longer or shorter. */
export function createReceiptOperations(state: SqsState) {
  const { messages, arrivals } = state

  /** A handle of an older delivery deletes nothing and is no error (DeleteMessage, API reference). */
  function remove({ name }: Queue, handle: unknown): Record<never, never> {
    messages.delete(name, parseReceiptHandle(name, handle))
    return {}
  }

  function hide({ name }: Queue, handle: unknown, timeout: unknown): Record<never, never> {
    const receipt = parseReceiptHandle(name, handle)
    const seconds = readRange(timeout, 'VisibilityTimeout', 0, 43_200)
    if (seconds === undefined) throw missingParameter('VisibilityTimeout')
    const now = state.clock().getTime()
    const outcome = messages.hideUntil(name, receipt, now, now + seconds * 1000)
    if (outcome === 'visible') throw new AwsError('MessageNotInflight', 'The specified message is not in flight.')
    if (outcome === 'missing') {
      throw new AwsError(
        'InvalidParameterValue',
        `Value ${handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
      )
    }
    return {}
  }

  return {
    DeleteMessage(input: DeleteMessageCommandInput, call) {
      remove(openQueue(state, input.QueueUrl, 'DeleteMessage', call), input.ReceiptHandle)
    },

    DeleteMessageBatch(input: DeleteMessageBatchCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'DeleteMessage', call)
      const entries = parseEntries(input.Entries)
      return state.transaction(() => runBatch(entries, (entry) => remove(queue, entry.ReceiptHandle)))
    },

    ChangeMessageVisibility(input: ChangeMessageVisibilityCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'ChangeMessageVisibility', call)
      hide(queue, input.ReceiptHandle, input.VisibilityTimeout)
      arrivals.announce(queue.name)
    },

    ChangeMessageVisibilityBatch(input: ChangeMessageVisibilityBatchCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'ChangeMessageVisibility', call)
      const entries = parseEntries(input.Entries)
      const result = state.transaction(() =>
        runBatch(entries, (entry) => hide(queue, entry.ReceiptHandle, entry.VisibilityTimeout)),
      )
      arrivals.announce(queue.name)
      return result
    },
  } satisfies Operations
}
