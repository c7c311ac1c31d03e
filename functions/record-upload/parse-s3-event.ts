import { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { parseObjectKey, thingOfKey } from '#contract/object-key.ts'
import type { UploadEvent } from '#contract/upload-log-api.ts'

/**
 * The members that we read of a record (S3 user guide, "Event message structure"): the major version is compared for
 * equality, the minor one for at least. A removal has no size and no ETag.
 */
const recordSchema = z.object({
  eventVersion: z.string().regex(/^2\.\d+$/),
  eventTime: z.iso.datetime({ offset: true }),
  eventName: z.string().regex(/^Object(Created|Removed):/),
  userIdentity: z.object({ principalId: z.string() }),
  requestParameters: z.object({ sourceIPAddress: z.string() }).optional(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().int().nonnegative().optional(),
      eTag: z.string().optional(),
      versionId: z.string().optional(),
      sequencer: z.string().regex(/^[0-9A-F]+$/i),
    }),
  }),
})

const messageSchema = z.union([
  z.object({ Event: z.literal('s3:TestEvent'), Records: z.undefined().optional() }),
  z.object({ Records: z.array(z.unknown()) }),
])

/** The session name of role-alias credentials is the certificate's id (seen in AWS's logs, not documented). */
const devicePrincipal = /^AWS:[^:]+:([0-9a-f]{64})$/

/** What one message holds: the records that can be read, and a fault for each that cannot. */
export interface S3Message {
  readonly uploads: UploadEvent[]
  readonly faults: Fault[]
}

/**
 * Reads a queue message of S3. Throws EVENT_MALFORMED when it is no S3 notification at all; a record that is broken, or of
 * another bucket, is a fault beside the uploads of its neighbours.
 */
export function parseS3Event(body: string, bucket: string, now: Date): S3Message {
  const uploads: UploadEvent[] = []
  const faults: Fault[] = []
  for (const record of parseMessage(body).Records ?? []) {
    try {
      uploads.push(toUpload(recordSchema.parse(record), bucket, now))
    } catch (cause) {
      faults.push(
        cause instanceof Fault ? cause : new Fault('EVENT_MALFORMED', 'a record is no S3 object event', { cause }),
      )
    }
  }
  return { uploads, faults }
}

function parseMessage(body: string) {
  try {
    return messageSchema.parse(JSON.parse(body))
  } catch (cause) {
    throw new Fault('EVENT_MALFORMED', 'the message is no S3 notification', { cause })
  }
}

function toUpload(record: z.infer<typeof recordSchema>, bucket: string, now: Date): UploadEvent {
  const { object } = record.s3
  if (record.s3.bucket.name !== bucket) {
    throw new Fault('EVENT_MALFORMED', `the record is of the bucket ${record.s3.bucket.name}, not of ours`)
  }
  const key = decodeKey(object.key)
  return {
    thingName: thingOfKey(key),
    event: record.eventName.startsWith('ObjectCreated:') ? 'created' : 'removed',
    key,
    versionId: object.versionId,
    sizeBytes: object.size,
    etag: object.eTag,
    eventTime: new Date(record.eventTime).toISOString(),
    loggedAt: now.toISOString(),
    sequencer: object.sequencer,
    certificateId: devicePrincipal.exec(record.userIdentity.principalId)?.[1],
    sourceIp: record.requestParameters?.sourceIPAddress,
    uploadId: parseObjectKey(key)?.uploadId,
  }
}

/** Keys are form-encoded in events: a blank is `+` (S3 user guide, "Event message structure"). */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', '%20'))
  } catch (cause) {
    throw new Fault('EVENT_MALFORMED', 'the key in the record is not form-encoded', { cause })
  }
}
