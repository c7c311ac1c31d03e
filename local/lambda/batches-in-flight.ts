import { randomUUID } from 'node:crypto'
import type { Call, Caller, Operations } from '#local/service.ts'
import type { Store } from '#local/store.ts'

interface Batch {
  readonly queueUrl: string
  readonly receiptHandles: readonly string[]
}

/**
 * The batches that functions are at work on. A process that is killed loses them; the next one lets their messages
 * be seen again at once instead of after the queue's visibility timeout, because nobody can be at work on them.
 */
export function createBatchesInFlight(store: Store, sqs: Operations) {
  const batches = store.collection<Batch>('batch-in-flight')
  let closed = false
  return {
    remember(queueUrl: string, receiptHandles: readonly string[]): () => void {
      const id = randomUUID()
      batches.put(id, { queueUrl, receiptHandles })
      return () => {
        if (!closed) batches.delete(id)
      }
    },
    /** Batches that end from now on are cut off. */
    close(): void {
      closed = true
    },
    async release(): Promise<void> {
      for (const { id, value } of batches.list()) {
        const { queueUrl: QueueUrl, receiptHandles } = value
        for (let start = 0; start < receiptHandles.length; start += 10) {
          const Entries = receiptHandles
            .slice(start, start + 10)
            .map((ReceiptHandle, index) => ({ Id: `${index}`, ReceiptHandle, VisibilityTimeout: 0 }))
          // A queue that is gone meanwhile has nothing to show.
          await Promise.resolve(sqs.ChangeMessageVisibilityBatch?.({ QueueUrl, Entries }, ownCall())).catch(() => {})
        }
        batches.delete(id)
      }
    },
  }
}

/** What Lambda does in its own name asks nobody's permission. */
function ownCall(): Call {
  const arn = 'lambda.amazonaws.com'
  const caller: Caller = { kind: 'service', arn, accountId: '', userId: arn, context: {} }
  return { caller, requestId: randomUUID(), sourceIp: arn, authorize: () => {} }
}
