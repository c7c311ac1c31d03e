import { Duration } from 'aws-cdk-lib'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { type FunctionName, functions } from './functions.ts'

/** Lambda asks for at least six times the function's timeout (Lambda developer guide, "Using Lambda with Amazon SQS"). */
const visibilityFactor = 6
/** Five tries: throttling passes, poison does not. */
const maxReceiveCount = 5

/** A queue before a function, and the dead-letter queue of what it could not do. */
export class EventQueue extends Construct {
  readonly queue: Queue
  readonly deadLetters: Queue

  constructor(scope: Construct, id: string, consumer: FunctionName) {
    super(scope, id)
    const secured = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }
    this.deadLetters = new Queue(this, 'dead-letters', { ...secured, retentionPeriod: Duration.days(14) })
    this.queue = new Queue(this, 'queue', {
      ...secured,
      retentionPeriod: Duration.days(14),
      visibilityTimeout: Duration.seconds(functions[consumer].timeoutSeconds * visibilityFactor),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount },
    })
  }

  /** Messages come in batches, and only those that failed come again. */
  feed(consumer: LambdaFunction, options: { readonly batchSize: number; readonly maxConcurrency: number }): void {
    consumer.addEventSourceMapping('messages', {
      eventSourceArn: this.queue.queueArn,
      reportBatchItemFailures: true,
      ...options,
    })
  }
}

/** What Lambda needs of a function's role to read a queue for it. */
export const consumeActions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] as const
