import type { Call, ConditionContext } from '#local/service.ts'
import { authorizeBucket, authorizeObject, isAllowed } from '../authorize.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { s3Error } from '../s3-error.ts'
import type { S3State } from '../s3-state.ts'
import { isObject, type ObjectVersion, type Version } from '../storage/object-version.ts'
import { isVersionId, sequenceOfVersionId } from '../storage/version-id.ts'
import { existingTagContext } from './object-tags.ts'

/** The `versionId` of a request; null stands for the newest version. */
export function parseVersionId(query: URLSearchParams): string | null {
  const versionId = query.get('versionId')
  if (versionId === null || versionId === 'null' || sequenceOfVersionId(versionId) !== undefined) return versionId
  const message = versionId ? 'Invalid version id specified' : 'Version id cannot be the empty string'
  throw s3Error('InvalidArgument', { ArgumentName: 'versionId', ArgumentValue: versionId }, { message })
}

export interface VersionAddress {
  readonly bucket: Bucket
  readonly key: string
  readonly versionId: string | null
}

/** The version that a request names, its newest without a version id; no authorization. */
export function findVersion(s3: S3State, { bucket, key, versionId }: VersionAddress): Version | undefined {
  if (versionId !== null && !isVersionId(versionId)) {
    const message = 'Invalid version id specified'
    throw s3Error('InvalidArgument', { ArgumentName: 'versionId', ArgumentValue: versionId }, { message })
  }
  return versionId === null ? s3.index.newest(bucket.name, key) : s3.index.find(bucket.name, key, versionId)
}

/**
 * The object version that a request names, after the actions on it were allowed.
 * Whether a key exists is told only to callers that may list the bucket.
 */
export function requireVersion(
  s3: S3State,
  call: Call,
  address: VersionAddress,
  actions: readonly ActionPair[],
  context: ConditionContext = {},
): ObjectVersion {
  const { bucket, key, versionId } = address
  const version = findVersion(s3, address)
  for (const [action, versionAction] of actions) {
    const tagContext = existingTagContext(version?.object?.tags)
    authorizeObject(call, bucket, key, versionId === null ? action : versionAction, { ...tagContext, ...context })
  }
  if (isObject(version)) return version
  if (!isAllowed(() => authorizeBucket(call, bucket, 's3:ListBucket'))) throw s3Error('AccessDenied')
  if (version === undefined && versionId !== null) throw s3Error('NoSuchVersion', { Key: key, VersionId: versionId })
  if (version === undefined) throw s3Error('NoSuchKey', { Key: key })
  throw markerError(version, versionId)
}

/** The action on the newest version, and the one on a version that is named. */
export type ActionPair = readonly [action: string, versionAction: string]

/** A delete marker is absence when it is the newest, and no object when it is named. */
function markerError(marker: Version, versionId: string | null): Error {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId }
  return versionId === null
    ? s3Error('NoSuchKey', { Key: marker.key }, { headers })
    : s3Error(
        'MethodNotAllowed',
        { Method: 'GET', ResourceType: 'DeleteMarker' },
        { headers: { ...headers, allow: 'DELETE' } },
      )
}
