import middy from '@middy/core'
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { log } from './log.ts'

/** Handles a batch and says for each record, in order, whether it is done. What is rejected comes again, then goes to the DLQ. */
type HandleBatch = (records: readonly SQSRecord[]) => Promise<readonly PromiseSettledResult<unknown>[]>

/**
 * A Lambda handler for SQS with partial batch responses: one bad message never holds the others up. When the batch itself
 * cannot be handled, the invocation fails and all of it comes again.
 */
export function createQueueHandler(handleBatch: HandleBatch) {
  return middy<SQSEvent, SQSBatchResponse, Error, Context>().handler(async ({ Records }) => {
    const results = await handleBatch(Records)
    const failed = Records.filter((record, index) => {
      const result = results[index]
      if (result?.status === 'fulfilled') return false
      logFailure(record, result?.reason)
      return true
    })
    return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) }
  })
}

function logFailure({ messageId, attributes }: SQSRecord, error: unknown): void {
  log('error', 'message failed', { messageId, receiveCount: attributes.ApproximateReceiveCount, error })
}
