import type { Call } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectVersion } from '../storage/object-version.ts'
import { checkReadCondition } from './read-condition.ts'
import { requireVersion } from './require-version.ts'
import { versionHeaders } from './write-object.ts'

export interface CopySource {
  readonly version: ObjectVersion
  /** `x-amz-copy-source-version-id`, where the bucket has been versioned. */
  readonly headers: Record<string, string>
}

/**
 * Finds the object that `x-amz-copy-source` names, when the caller may read it and its conditions hold; `withTags` where
 * the tags that it may have are copied too.
 */
export function requireCopySource(s3: S3State, call: Call, headers: Headers, { withTags = false } = {}): CopySource {
  const { bucketName, key, versionId } = parseCopySource(headers['x-amz-copy-source'] ?? '')
  const bucket = s3.buckets.require(bucketName)
  const address = { bucket, key, versionId }
  const version = requireVersion(s3, call, address, [['s3:GetObject', 's3:GetObjectVersion']])
  if (withTags && Object.keys(version.object.tags).length > 0) {
    requireVersion(s3, call, address, [['s3:GetObjectTagging', 's3:GetObjectVersionTagging']])
  }
  const isWanted = checkReadCondition(
    {
      ifMatch: headers['x-amz-copy-source-if-match'],
      ifNoneMatch: headers['x-amz-copy-source-if-none-match'],
      ifModifiedSince: headers['x-amz-copy-source-if-modified-since'],
      ifUnmodifiedSince: headers['x-amz-copy-source-if-unmodified-since'],
    },
    version.object.etag,
    version.modified,
  )
  if (!isWanted) throw s3Error('PreconditionFailed', { Condition: 'x-amz-copy-source-If-None-Match' })
  const sourceVersion = versionHeaders(bucket, version.versionId)['x-amz-version-id']
  return { version, headers: sourceVersion ? { 'x-amz-copy-source-version-id': sourceVersion } : {} }
}

/** `/bucket/key?versionId=id`, percent-encoded, with or without the first slash. */
function parseCopySource(header: string): { bucketName: string; key: string; versionId: string | null } {
  const match = /^\/?(?<bucket>[^/]+)\/(?<key>.+?)(?:\?versionId=(?<version>[^&]+))?$/s.exec(header)
  const { bucket, key, version } = match?.groups ?? {}
  try {
    if (bucket && key)
      return { bucketName: decodeURIComponent(bucket), key: decodeURIComponent(key), versionId: version ?? null }
  } catch {
    // Not percent-encoded UTF-8: refused below.
  }
  const members = { ArgumentName: 'x-amz-copy-source', ArgumentValue: header }
  throw s3Error('InvalidArgument', members, { message: 'Invalid copy source object key' })
}
