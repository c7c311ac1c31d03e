import { parseObjectKey } from '#contract/object-key.ts'
import type { UploadEvent } from '#contract/upload-log-api.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import type { UploadQuotas } from '../stores/upload-quotas.ts'
import type { UploadStore } from '../stores/upload-store.ts'
import { parseS3Event, type S3Message } from './parse-s3-event.ts'

export interface Recording {
  readonly uploads: UploadLog
  readonly issued: UploadStore
  readonly quotas: UploadQuotas
  /** Notes with a thing when a file of it came. */
  readonly noteLastUpload: (thingName: string, uploadedAt: string) => Promise<void>
  readonly bucket: string
  readonly clock: () => Date
}

/**
 * Logs the events of a batch of messages and says for each message, in order, whether all of it is logged. What can be
 * read of a bad message is logged too: when it comes again, it writes the same rows.
 */
export async function recordUploads(
  recording: Recording,
  bodies: readonly string[],
): Promise<PromiseSettledResult<void>[]> {
  const { uploads, noteLastUpload, bucket, clock } = recording
  const now = clock()
  const parsed = await Promise.allSettled(bodies.map(async (body) => parseS3Event(body, bucket, now)))
  const readable = parsed.flatMap((message) => (message.status === 'fulfilled' ? message.value.uploads : []))
  // Should the table refuse, the handler throws and the whole batch comes again.
  await uploads.write(readable)
  await Promise.all([
    ...readable.map((upload) => noteArrival(recording, upload)),
    ...newestOfThings(readable).map(([thingName, uploadedAt]) => noteLastUpload(thingName, uploadedAt)),
  ])
  return Promise.allSettled(parsed.map(async (message) => requireWhole(message)))
}

/** When the newest file of each thing came. */
function newestOfThings(uploads: readonly UploadEvent[]): [string, string][] {
  const newest = new Map<string, string>()
  for (const { thingName, event, eventTime } of uploads) {
    if (thingName === undefined || event !== 'created') continue
    if (eventTime > (newest.get(thingName) ?? '')) newest.set(thingName, eventTime)
  }
  return [...newest]
}

/**
 * An object that a device wrote with credentials of its own was not issued. Any other under a key of that form may have
 * been: by a URL, which the function's role signed.
 */
async function noteArrival({ issued, quotas }: Recording, upload: UploadEvent): Promise<void> {
  const { event, key, etag, certificateId, eventTime: arrivedAt } = upload
  const parts = event === 'created' && certificateId === undefined ? parseObjectKey(key) : undefined
  if (!parts) return
  const { thingName, uploadId } = parts
  await issued.arrive({ thingName, uploadId, key, etag, arrivedAt })
  await quotas.close(thingName, uploadId)
}

function requireWhole(message: PromiseSettledResult<S3Message>): void {
  if (message.status === 'rejected') throw message.reason
  if (message.value.faults.length > 0)
    throw new AggregateError(message.value.faults, 'records of a message were not logged')
}
