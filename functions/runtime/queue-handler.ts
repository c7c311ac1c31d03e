import middy from '@middy/core'
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { log } from './log.ts'

/** Handles a batch and says for each record, in order, whether it is done. What is rejected comes again, then goes to the DLQ. */
type HandleBatch = (records: readonly SQSRecord[]) => Promise<PromiseSettledResult<unknown>[]>

/** A Lambda handler for SQS with partial batch responses: one bad message never holds the others up. */
export function createQueueHandler(handleBatch: HandleBatch) {
  const middleware = sqsPartialBatchFailure({
    logger: (reason: unknown, record: SQSRecord) =>
      log('error', 'message failed', {
        messageId: record.messageId,
        receiveCount: record.attributes.ApproximateReceiveCount,
        error: reason,
      }),
  })
  return middy<SQSEvent, PromiseSettledResult<unknown>[] | SQSBatchResponse, Error, Context>()
    .use(middleware)
    .handler((event) => handleBatch(event.Records))
}
