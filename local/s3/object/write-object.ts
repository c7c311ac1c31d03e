import type { Call } from '#local/service.ts'
import { type Bucket, isVersioned } from '../bucket/bucket-table.ts'
import type { EventName } from '../notification/match-events.ts'
import { recordEvent } from '../notification/record-event.ts'
import type { S3State } from '../s3-state.ts'
import type { StoredObject, Version } from '../storage/object-version.ts'
import type { IndexWriter } from '../storage/open-index.ts'
import { createVersionId } from '../storage/version-id.ts'
import type { WritePrecondition } from './write-precondition.ts'

export interface ObjectWrite {
  readonly bucketName: string
  readonly key: string
  readonly event: EventName
  readonly precondition: WritePrecondition
  /** Adds the data to the index and says what the object is. */
  build(writer: IndexWriter): StoredObject
}

export interface WrittenObject {
  readonly object: StoredObject
  readonly modified: Date
  /** `x-amz-version-id`, where the bucket has ever been versioned. */
  readonly headers: Record<string, string>
}

/** Makes an object the newest version of its key: precondition, version and events in one change. */
export async function writeObject(s3: S3State, call: Call, write: ObjectWrite): Promise<WrittenObject> {
  const { bucketName, key, event, precondition, build } = write
  const sequence = s3.index.nextSequence()
  const written = await s3.index.commit((writer) => {
    // The bucket may have changed while the payload came in.
    const bucket = s3.buckets.require(bucketName)
    const modified = wholeSecond(s3.clock())
    const versionId = isVersioned(bucket) ? createVersionId(sequence) : 'null'
    const newest = s3.index.newest(bucketName, key)
    precondition(newest)
    if (newest && versionId === 'null') removeNullVersion(s3, writer, newest)
    const object = build(writer)
    writer.add({ bucket: bucketName, key, sequence, versionId, modified, object }, newest)
    recordEvent(s3, call, bucket, event, { key, sequence, versionId, size: object.size, etag: object.etag })
    return { object, modified, headers: versionHeaders(bucket, versionId) }
  })
  s3.outbox.deliver()
  return written
}

/** A write without a version id takes the place of the one before it. */
export function removeNullVersion(s3: S3State, writer: IndexWriter, newest: Version): void {
  const replaced = newest.versionId === 'null' ? newest : s3.index.find(newest.bucket, newest.key, 'null')
  if (replaced) writer.remove(replaced)
}

export function versionHeaders(bucket: Bucket, versionId: string): Record<string, string> {
  return bucket.configurations.versioning?.Status ? { 'x-amz-version-id': versionId } : {}
}

/** S3 keeps times of objects in whole seconds. */
export function wholeSecond(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}
