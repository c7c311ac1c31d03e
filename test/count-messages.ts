import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'

/** Messages of a queue, those included that a function is working on. */
export async function countMessages(sqs: SQSClient, queueUrl: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  )
  return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0)
}
