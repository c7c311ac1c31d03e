import { hash } from 'node:crypto'
import type { ReceiveMessageCommandInput } from '@aws-sdk/client-sqs'
import type { Operations } from '#local/service.ts'
import { digestAttributes, selectAttributes } from './message-attributes.ts'
import type { StoredMessage } from './message-store.ts'
import { openQueue, readRange } from './open-queue.ts'
import { type Queue, readNumber, readRedrivePolicy } from './queue.ts'
import { queueDoesNotExist } from './queue-store.ts'
import { formatReceiptHandle } from './receipt-handle.ts'
import type { SqsState } from './sqs-state.ts'

interface Wish {
  readonly limit: number
  readonly visibilitySeconds: number
}

export function createReceiveOperations(state: SqsState) {
  const { queues, messages, arrivals, clock } = state

  /** Up to `limit` messages, hidden from now on; those received too often go to the dead-letter queue instead. */
  function take(queue: Queue, { limit, visibilitySeconds }: Wish, now: number): StoredMessage[] {
    messages.deleteSentBefore(queue.name, now - readNumber(queue, 'MessageRetentionPeriod') * 1000)
    const redrive = readRedrivePolicy(queue)
    const deadLetters = redrive && queues.findByArn(redrive.deadLetterTargetArn)
    const isSpent = (message: StoredMessage) =>
      redrive && deadLetters && message.receiveCount >= redrive.maxReceiveCount
    const taken: StoredMessage[] = []
    while (taken.length < limit) {
      const found = messages.findVisible(queue.name, now, limit - taken.length)
      if (found.length === 0) break
      for (const message of found) {
        if (deadLetters && isSpent(message)) {
          messages.moveToDeadLetters(message, deadLetters.name, queue.arn, now)
          arrivals.announce(deadLetters.name)
        } else {
          // Even at a timeout of 0 one receive must not return a message twice.
          taken.push(messages.deliver(message, now, now + Math.max(visibilitySeconds * 1000, 1)))
        }
      }
    }
    return taken
  }

  async function takeOrWait(name: string, wish: (queue: Queue) => Wish, waitSeconds: number): Promise<StoredMessage[]> {
    const deadline = performance.now() + waitSeconds * 1000
    while (true) {
      const queue = queues.get(name)
      if (!queue) throw queueDoesNotExist()
      // One time for both looks: a message that became visible between two would be seen by neither.
      const now = clock().getTime()
      const taken = state.transaction(() => take(queue, wish(queue), now))
      const remaining = deadline - performance.now()
      if (taken.length > 0 || remaining <= 0) return taken
      const next = messages.nextVisibleAt(name, now) ?? Number.POSITIVE_INFINITY
      await arrivals.wait(name, Math.min(remaining, next - now))
      if (arrivals.closed) return []
    }
  }

  return {
    async ReceiveMessage(input: ReceiveMessageCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'ReceiveMessage', call)
      const limit = readRange(input.MaxNumberOfMessages, 'MaxNumberOfMessages', 1, 10) ?? 1
      const visibility = readRange(input.VisibilityTimeout, 'VisibilityTimeout', 0, 43_200)
      const wait = readRange(input.WaitTimeSeconds, 'WaitTimeSeconds', 0, 20)
      const wish = (current: Queue) => ({
        limit,
        visibilitySeconds: visibility ?? readNumber(current, 'VisibilityTimeout'),
      })
      const waitSeconds = wait ?? readNumber(queue, 'ReceiveMessageWaitTimeSeconds')
      const taken = await takeOrWait(queue.name, wish, waitSeconds)
      return taken.length > 0 ? { Messages: taken.map((message) => describeMessage(queue.name, message, input)) } : {}
    },
  } satisfies Operations
}

function describeMessage(queue: string, message: StoredMessage, input: ReceiveMessageCommandInput) {
  const { id, body, sequence, receipt } = message
  const asked: readonly string[] = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]
  const system = Object.entries(describeDelivery(message)).filter(
    ([name]) => asked.includes('All') || asked.includes(name),
  )
  const attributes = selectAttributes(JSON.parse(message.attributes ?? '{}'), input.MessageAttributeNames ?? [])
  return {
    MessageId: id,
    ReceiptHandle: formatReceiptHandle(queue, { sequence, receipt: receipt ?? '' }),
    MD5OfBody: hash('md5', body),
    Body: body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) }),
    ...(Object.keys(attributes).length > 0 && {
      MD5OfMessageAttributes: digestAttributes(attributes),
      MessageAttributes: attributes,
    }),
  }
}

function describeDelivery({ senderId, sentAt, receiveCount, firstReceivedAt, traceHeader, source }: StoredMessage) {
  return {
    SenderId: senderId,
    SentTimestamp: String(sentAt),
    ApproximateReceiveCount: String(receiveCount),
    ApproximateFirstReceiveTimestamp: String(firstReceivedAt),
    ...(traceHeader !== null && { AWSTraceHeader: traceHeader }),
    ...(source !== null && { DeadLetterQueueSourceArn: source }),
  }
}
