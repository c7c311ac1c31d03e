import { hash } from 'node:crypto'
import type { SendMessageBatchCommandInput, SendMessageCommandInput } from '@aws-sdk/client-sqs'
import { AwsError, type Call, notImplemented, type Operations } from '#local/service.ts'
import { parseEntries, runBatch } from './batch.ts'
import {
  digestAttributes,
  type MessageAttributes,
  measureAttributes,
  parseMessageAttributes,
} from './message-attributes.ts'
import { missingParameter, openQueue, readRange } from './open-queue.ts'
import { type Queue, readNumber } from './queue.ts'
import type { SqsState } from './sqs-state.ts'

const MAX_BATCH_BYTES = 1_048_576

type Draft = Omit<SendMessageCommandInput, 'QueueUrl'>

interface ParsedMessage {
  readonly body: string
  readonly attributes: MessageAttributes | undefined
  readonly systemAttributes: MessageAttributes | undefined
  readonly delaySeconds: number
}

export function createSendOperations(state: SqsState) {
  function store({ name }: Queue, message: ParsedMessage, call: Call) {
    const { body, attributes, systemAttributes, delaySeconds } = message
    const now = state.clock().getTime()
    const MessageId = state.messages.send(
      name,
      {
        body,
        attributes: attributes ? JSON.stringify(attributes) : null,
        traceHeader: systemAttributes?.AWSTraceHeader?.StringValue ?? null,
        senderId: call.caller.userId,
      },
      { sentAt: now, visibleAt: now + delaySeconds * 1000 },
    )
    return {
      MessageId,
      MD5OfMessageBody: hash('md5', body),
      ...(attributes && { MD5OfMessageAttributes: digestAttributes(attributes) }),
      ...(systemAttributes && { MD5OfMessageSystemAttributes: digestAttributes(systemAttributes) }),
    }
  }

  return {
    SendMessage(input: SendMessageCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'SendMessage', call)
      const sent = store(queue, parseMessage(queue, input), call)
      state.arrivals.announce(queue.name)
      return sent
    },

    SendMessageBatch(input: SendMessageBatchCommandInput, call) {
      const queue = openQueue(state, input.QueueUrl, 'SendMessage', call)
      const entries = parseEntries(input.Entries)
      const bytes = entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(String(MessageBody ?? '')), 0)
      if (bytes > MAX_BATCH_BYTES) {
        throw new AwsError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
        )
      }
      const result = state.transaction(() =>
        runBatch(entries, (entry) => store(queue, parseMessage(queue, entry), call)),
      )
      state.arrivals.announce(queue.name)
      return result
    },
  } satisfies Operations
}

function parseMessage(queue: Queue, draft: Draft): ParsedMessage {
  const { MessageBody: body } = draft
  if (typeof body !== 'string' || body === '') throw missingParameter('MessageBody')
  if (draft.MessageGroupId !== undefined) throw notImplemented('MessageGroupId')
  if (draft.MessageDeduplicationId !== undefined) throw notImplemented('MessageDeduplicationId')
  // The characters of XML 1.0 (SendMessage, API reference); with /u a lone surrogate is one of the others.
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(body)) {
    throw new AwsError('InvalidMessageContents', 'Invalid characters found in the message body.')
  }
  const attributes = parseMessageAttributes(draft.MessageAttributes)
  const systemAttributes = parseMessageAttributes(draft.MessageSystemAttributes)
  const unknown = Object.keys(systemAttributes ?? {}).find((name) => name !== 'AWSTraceHeader')
  if (unknown) throw new AwsError('InvalidParameterValue', `Message system attribute name '${unknown}' is invalid.`)
  const bytes = Buffer.byteLength(body) + measureAttributes(attributes)
  const maxBytes = readNumber(queue, 'MaximumMessageSize')
  if (bytes > maxBytes) {
    throw new AwsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    )
  }
  const delaySeconds = readRange(draft.DelaySeconds, 'DelaySeconds', 0, 900) ?? readNumber(queue, 'DelaySeconds')
  return { body, attributes, systemAttributes, delaySeconds }
}
