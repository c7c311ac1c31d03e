import type { NotificationConfiguration, QueueConfiguration } from '@aws-sdk/client-s3'
import { notImplemented } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import { expandEvent, overlap } from './match-events.ts'

/** Refuses destinations, events and filters that would never be served, and those that S3 refuses. */
export function checkNotification(configuration: NotificationConfiguration): void {
  const {
    QueueConfigurations = [],
    TopicConfigurations,
    LambdaFunctionConfigurations,
    EventBridgeConfiguration,
  } = configuration
  if (TopicConfigurations?.length) throw notImplemented('S3 event notifications to SNS (TopicConfigurations)')
  if (LambdaFunctionConfigurations?.length)
    throw notImplemented('S3 event notifications to Lambda (LambdaFunctionConfigurations)')
  if (EventBridgeConfiguration) throw notImplemented('S3 event notifications to EventBridge (EventBridgeConfiguration)')
  for (const [index, queue] of QueueConfigurations.entries()) {
    checkQueue(queue)
    if (QueueConfigurations.slice(0, index).some((other) => overlap(queue, other))) {
      throw invalid('Configurations overlap. Configurations on the same bucket cannot share a common event type.')
    }
  }
}

function checkQueue({ QueueArn = '', Events = [], Filter }: QueueConfiguration): void {
  if (!/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(QueueArn)) throw invalid('The ARN could not be parsed')
  if (QueueArn.endsWith('.fifo')) throw invalid('FIFO SQS queues are not supported.')
  for (const event of Events) {
    if (!event.startsWith('s3:')) throw s3Error('MalformedXML')
    if (expandEvent(event).length === 0) throw notImplemented(`the S3 event ${event}`)
  }
  const names = (Filter?.Key?.FilterRules ?? []).map((rule) => rule.Name?.toLowerCase())
  if (names.some((name) => name !== 'prefix' && name !== 'suffix')) {
    throw invalid('filter rule name must be either prefix or suffix')
  }
  if (new Set(names).size < names.length)
    throw invalid('Cannot specify more than one prefix or suffix rule in a filter.')
}

function invalid(message: string): Error {
  return s3Error('InvalidArgument', {}, { message })
}
