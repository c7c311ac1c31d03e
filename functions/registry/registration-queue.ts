import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { formatRegistrationEvent } from './registration-event.ts'

interface RegistrationQueueOptions {
  readonly queueUrl: string
  readonly certificateArnPrefix: string
}

/** Has a certificate registered as if it connected at a time: by the queue that AWS IoT's own events take. */
export function createRegistrationQueue(sqs: SQSClient, { queueUrl, certificateArnPrefix }: RegistrationQueueOptions) {
  return async (
    certificate: { readonly certificateId: string; readonly caCertificateId: string },
    at: Date,
  ): Promise<void> => {
    const MessageBody = formatRegistrationEvent(certificate, certificateArnPrefix, at)
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody }))
  }
}
