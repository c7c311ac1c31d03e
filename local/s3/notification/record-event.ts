import type { Call } from '#local/service.ts'
import { type Bucket, bucketArn, isVersioned } from '../bucket/bucket-table.ts'
import { hostId } from '../host-id.ts'
import type { S3State } from '../s3-state.ts'
import { formEncode } from './form-encode.ts'
import { type EventName, matchesConfiguration } from './match-events.ts'

/** What an event says of its object. */
export interface EventObject {
  readonly key: string
  readonly sequence: number
  readonly versionId: string
  readonly size?: number | undefined
  readonly etag?: string | undefined
}

/** Puts the event into the outbox for each queue that listens; part of the transaction that changes the object. */
export function recordEvent(s3: S3State, call: Call, bucket: Bucket, name: EventName, object: EventObject): void {
  for (const configuration of bucket.configurations.notification?.QueueConfigurations ?? []) {
    if (!matchesConfiguration(configuration, name, object.key)) continue
    const record = describeEvent(s3, call, bucket, name, object, configuration.Id ?? '')
    const body = JSON.stringify({ Records: [record] })
    s3.outbox.add({ queueArn: configuration.QueueArn ?? '', bucketArn: bucketArn(bucket.name), body })
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
function describeEvent(
  s3: S3State,
  call: Call,
  bucket: Bucket,
  eventName: EventName,
  { key, size, etag, versionId, sequence }: EventObject,
  configurationId: string,
) {
  const principalId = call.caller.kind === 'anonymous' ? 'Anonymous' : `AWS:${call.caller.userId}`
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: s3.region,
    eventTime: s3.clock().toISOString(),
    eventName,
    userIdentity: { principalId },
    requestParameters: { sourceIPAddress: call.sourceIp },
    responseElements: { 'x-amz-request-id': call.requestId, 'x-amz-id-2': hostId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: { name: bucket.name, ownerIdentity: { principalId: s3.ownerId }, arn: bucketArn(bucket.name) },
      object: {
        key: formEncode(key),
        size,
        eTag: etag,
        versionId: isVersioned(bucket) ? versionId : undefined,
        sequencer: sequence.toString(16).toUpperCase().padStart(18, '0'),
      },
    },
  }
}
