import type { UploadLog } from '../stores/upload-log.ts'
import { parseS3Event, type S3Message } from './parse-s3-event.ts'

export interface Recording {
  readonly uploads: UploadLog
  readonly bucket: string
  readonly clock: () => Date
}

/**
 * Logs the events of a batch of messages and says for each message, in order, whether all of it is logged. What can be
 * read of a bad message is logged too: when it comes again, it writes the same rows.
 */
export async function recordUploads(
  { uploads, bucket, clock }: Recording,
  bodies: readonly string[],
): Promise<PromiseSettledResult<void>[]> {
  const now = clock()
  const parsed = await Promise.allSettled(bodies.map(async (body) => parseS3Event(body, bucket, now)))
  const readable = parsed.flatMap((message) => (message.status === 'fulfilled' ? message.value.uploads : []))
  // Should the table refuse, the handler throws and the whole batch comes again.
  await uploads.write(readable)
  return Promise.allSettled(parsed.map(async (message) => requireWhole(message)))
}

function requireWhole(message: PromiseSettledResult<S3Message>): void {
  if (message.status === 'rejected') throw message.reason
  if (message.value.faults.length > 0)
    throw new AggregateError(message.value.faults, 'records of a message were not logged')
}
