import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { writeXml } from '../xml/write-xml.ts'
import { aclRefusal } from './refuse-unsupported.ts'
import { parseVersionId, requireVersion } from './require-version.ts'

export function getBucketAcl(s3: S3State, request: S3Request, call: Call): HttpResponse {
  authorizeBucket(call, s3.buckets.require(request.bucket), 's3:GetBucketAcl')
  return ownerOnly(s3)
}

export function getObjectAcl(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const address = {
    bucket: s3.buckets.require(request.bucket),
    key: request.key,
    versionId: parseVersionId(request.query),
  }
  requireVersion(s3, call, address, [['s3:GetObjectAcl', 's3:GetObjectVersionAcl']])
  return ownerOnly(s3)
}

export function putAcl(s3: S3State, request: S3Request): never {
  throw aclRefusal(s3.buckets.require(request.bucket))
}

/** Nobody but the account that owns the bucket is ever granted anything by an ACL. */
function ownerOnly({ ownerId }: S3State): HttpResponse {
  const grantee = 'Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
  const body = writeXml('AccessControlPolicy', {
    Owner: { ID: ownerId },
    AccessControlList: { Grant: { [grantee]: { ID: ownerId }, Permission: 'FULL_CONTROL' } },
  })
  return { status: 200, body }
}
