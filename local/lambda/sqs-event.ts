import type { Message } from '@aws-sdk/client-sqs'

/** The event that Lambda makes of a batch of messages (`SQSEvent` of @types/aws-lambda). */
export function toSqsEvent(messages: readonly Message[], queueArn: string, region: string) {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, { DataType, StringValue, BinaryValue }]) => [
          name,
          {
            ...(StringValue !== undefined && { stringValue: StringValue }),
            ...(BinaryValue && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
            stringListValues: [],
            binaryListValues: [],
            dataType: DataType,
          },
        ]),
      ),
      ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
      md5OfBody: message.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  }
}

/**
 * The ids that a function reports as failed (ReportBatchItemFailures), or undefined when its answer makes the whole
 * batch fail: an answer that isn't one, an empty or missing itemIdentifier, or an id that the batch does not have.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
export function readBatchFailures(payload: string, batchIds: ReadonlySet<string>): ReadonlySet<string> | undefined {
  let answer: unknown
  try {
    answer = JSON.parse(payload)
  } catch {
    return undefined
  }
  if (answer === null || answer === '') return new Set()
  if (typeof answer !== 'object') return undefined
  const { batchItemFailures } = answer as { batchItemFailures?: unknown }
  if (batchItemFailures === undefined || batchItemFailures === null) return new Set()
  if (!Array.isArray(batchItemFailures)) return undefined
  const ids = batchItemFailures.map((failure) => failure?.itemIdentifier)
  return ids.every((id) => typeof id === 'string' && batchIds.has(id)) ? new Set(ids) : undefined
}
