import { randomBytes } from 'node:crypto'
import type { NotificationConfiguration } from '@aws-sdk/client-s3'
import type { Call } from '#local/service.ts'
import { bucketArn } from '../bucket/bucket-table.ts'
import { hostId } from '../host-id.ts'
import { s3Error } from '../s3-error.ts'
import type { S3State } from '../s3-state.ts'

/** Ids as S3 makes them up for configurations without one. */
export function nameConfigurations(configuration: NotificationConfiguration): NotificationConfiguration {
  const queues = configuration.QueueConfigurations?.map((queue) => ({
    ...queue,
    Id: queue.Id || randomBytes(24).toString('base64url'),
  }))
  return queues ? { QueueConfigurations: queues } : {}
}

/** Sends `s3:TestEvent` to each queue: a configuration stands only when all of them take it. */
export async function sendTestEvents(
  s3: S3State,
  call: Call,
  bucket: string,
  { QueueConfigurations = [] }: NotificationConfiguration,
): Promise<void> {
  const body = JSON.stringify({
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: s3.clock().toISOString(),
    Bucket: bucket,
    RequestId: call.requestId,
    HostId: hostId,
  })
  for (const queueArn of new Set(QueueConfigurations.map((queue) => queue.QueueArn ?? ''))) {
    try {
      await s3.outbox.send({ queueArn, bucketArn: bucketArn(bucket), body })
    } catch (cause) {
      const refusal = s3Error(
        'InvalidArgument',
        { ArgumentName: queueArn, ArgumentValue: cause instanceof Error ? cause.message : String(cause) },
        { message: 'Unable to validate the following destination configurations' },
      )
      throw Object.assign(refusal, { cause })
    }
  }
}
