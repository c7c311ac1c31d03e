import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import { type Bucket, isVersioned } from '../bucket/bucket-table.ts'
import { recordEvent } from '../notification/record-event.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { IndexWriter } from '../storage/open-index.ts'
import { createVersionId } from '../storage/version-id.ts'
import { existingTagContext } from './object-tags.ts'
import { findVersion, parseVersionId } from './require-version.ts'
import { removeNullVersion, wholeSecond } from './write-object.ts'
import { assertMatches } from './write-precondition.ts'

export interface Deletion {
  readonly key: string
  readonly versionId: string | null
  /** Only an object with this ETag is deleted, or any for `*`. */
  readonly ifMatch: string | undefined
}

export interface Deleted {
  /** Whether a delete marker was made or removed. */
  readonly isMarker: boolean
  /** Of the version that was removed, or of the marker that was made. */
  readonly versionId: string | undefined
}

export async function handleDeleteObject(
  s3: S3State,
  { bucket, key, query, headers }: S3Request,
  call: Call,
): Promise<HttpResponse> {
  const deletion = { key, versionId: parseVersionId(query), ifMatch: headers['if-match'] }
  const { isMarker, versionId } = await deleteObject(s3, call, s3.buckets.require(bucket), deletion)
  return {
    status: 204,
    headers: {
      ...(isMarker ? { 'x-amz-delete-marker': 'true' } : {}),
      ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
    },
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html */
export async function deleteObject(s3: S3State, call: Call, bucket: Bucket, deletion: Deletion): Promise<Deleted> {
  const { key, versionId, ifMatch } = deletion
  const action = versionId === null ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
  const target = findVersion(s3, { bucket, key, versionId })
  authorizeObject(call, bucket, key, action, existingTagContext(target?.object?.tags))
  const sequence = s3.index.nextSequence()
  const deleted = await s3.index.commit((writer) => {
    const current = s3.buckets.require(bucket.name)
    if (ifMatch !== undefined) assertMatches(ifMatch, key, s3.index.newest(bucket.name, key))
    const change: Change = { s3, call, writer, bucket: current, key, sequence }
    if (versionId === null && current.configurations.versioning?.Status) return addMarker(change)
    return removeVersion(change, versionId)
  })
  s3.outbox.deliver()
  return deleted
}

interface Change {
  readonly s3: S3State
  readonly call: Call
  readonly writer: IndexWriter
  readonly bucket: Bucket
  readonly key: string
  readonly sequence: number
}

/** For good: the version that is named, or the only one of a bucket without versions. */
function removeVersion({ s3, call, writer, bucket, key, sequence }: Change, versionId: string | null): Deleted {
  const version = findVersion(s3, { bucket, key, versionId })
  if (version) {
    writer.remove(version)
    recordEvent(s3, call, bucket, 'ObjectRemoved:Delete', { key, sequence, versionId: version.versionId })
  }
  return { isMarker: version !== undefined && !version.object, versionId: versionId ?? undefined }
}

function addMarker({ s3, call, writer, bucket, key, sequence }: Change): Deleted {
  const versionId = isVersioned(bucket) ? createVersionId(sequence) : 'null'
  const newest = s3.index.newest(bucket.name, key)
  if (newest && versionId === 'null') removeNullVersion(s3, writer, newest)
  const modified = wholeSecond(s3.clock())
  writer.add({ bucket: bucket.name, key, sequence, versionId, modified, object: undefined }, newest)
  recordEvent(s3, call, bucket, 'ObjectRemoved:DeleteMarkerCreated', { key, sequence, versionId, etag: emptyMd5 })
  return { isMarker: true, versionId }
}

const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e'
