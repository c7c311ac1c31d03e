import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'

/** A message that fails goes to the dead letters after two tries, three seconds apart: what suits AWS would only be waited for. */
export async function hastenRedrive(sqs: SQSClient, QueueUrl: string): Promise<void> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }))
  const policy = JSON.parse(Attributes?.RedrivePolicy ?? '{}')
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl,
      Attributes: { VisibilityTimeout: '3', RedrivePolicy: JSON.stringify({ ...policy, maxReceiveCount: 2 }) },
    }),
  )
}
