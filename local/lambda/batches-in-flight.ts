import { randomUUID } from 'node:crypto'
import type { Message } from '@aws-sdk/client-sqs'
import { encodeJson } from '#local/gateway/encode-json.ts'
import type { Call, Caller, Operations } from '#local/service.ts'
import type { Store } from '#local/store.ts'

interface Batch {
  readonly queueUrl: string
  readonly messages: readonly Message[]
}

/** Long enough to send a message again and delete it. */
const holdSeconds = 60

/**
 * The batches that functions are at work on. A process that is killed loses them. AWS does not die, so what nobody
 * can be at work on any more must neither wait for its visibility timeout nor count as a failed try, or a few restarts
 * would bring it to the dead-letter queue: the next process sends a copy and deletes the message.
 */
export function createBatchesInFlight(store: Store, sqs: Operations) {
  const batches = store.collection<Batch>('batch-in-flight')
  let closed = false

  async function renew(QueueUrl: string, message: Message): Promise<void> {
    const { ReceiptHandle, Body: MessageBody, MessageAttributes } = message
    // Fails for a message that is gone: it was done, only the end of its batch was not noted.
    await sqs.ChangeMessageVisibility?.({ QueueUrl, ReceiptHandle, VisibilityTimeout: holdSeconds }, ownCall())
    await sqs.SendMessage?.({ QueueUrl, MessageBody, ...(MessageAttributes && { MessageAttributes }) }, ownCall())
    await sqs.DeleteMessage?.({ QueueUrl, ReceiptHandle }, ownCall())
  }

  return {
    /** Returns what forgets the batch. */
    remember(queueUrl: string, messages: readonly Message[]): () => void {
      const id = randomUUID()
      batches.put(id, { queueUrl, messages: messages.map(encodeBytes) })
      return () => {
        if (!closed) batches.delete(id)
      }
    },
    /** Batches that end from now on are cut off. */
    close(): void {
      closed = true
    },
    async renewAll(): Promise<void> {
      for (const { id, value } of batches.list()) {
        for (const message of value.messages) await renew(value.queueUrl, message).catch(() => {})
        batches.delete(id)
      }
    },
  }
}

/** As JSON has it: bytes as base64. */
function encodeBytes(message: Message): Message {
  const { MessageAttributes } = message
  return MessageAttributes ? { ...message, MessageAttributes: JSON.parse(encodeJson(MessageAttributes)) } : message
}

/** What Lambda does in its own name asks nobody's permission. */
function ownCall(): Call {
  const arn = 'lambda.amazonaws.com'
  const caller: Caller = { kind: 'service', arn, accountId: '', userId: arn, context: {} }
  return { caller, requestId: randomUUID(), sourceIp: arn, authorize: () => {} }
}
