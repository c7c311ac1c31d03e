import { notImplemented } from '#local/service.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'

const unsupported =
  /^x-amz-(?:(?:copy-source-)?server-side-encryption-customer-|object-lock-|bucket-object-lock-|website-redirect-location$|write-offset-bytes$|if-match-|rename-source|mfa$|server-side-encryption-aws-kms-key-id$|server-side-encryption-context$)/
const ownerAcls = new Set(['private', 'bucket-owner-full-control'])

/** Refuses the headers that would change what S3 does and that nothing here acts on. */
export function refuseUnsupportedHeaders(headers: Headers): void {
  for (const name in headers) {
    if (unsupported.test(name)) throw notImplemented(`the header ${name}`)
  }
  const encryption = headers['x-amz-server-side-encryption']
  if (encryption !== undefined && encryption !== 'AES256') {
    throw notImplemented(`the header x-amz-server-side-encryption: ${encryption}`)
  }
}

/** ACLs grant nothing here: one that would grant no more than the owner has is taken, others are refused. */
export function refuseAcl(headers: Headers, bucket: Bucket): void {
  const acl = headers['x-amz-acl']
  const grant = Object.keys(headers).find((name) => name.startsWith('x-amz-grant-'))
  if (!grant && (acl === undefined || ownerAcls.has(acl))) return
  throw aclRefusal(bucket)
}

export function aclRefusal(bucket: Bucket): Error {
  const ownership = bucket.configurations.ownership?.Rules?.[0]?.ObjectOwnership
  return ownership === 'BucketOwnerEnforced'
    ? s3Error('AccessControlListNotSupported')
    : notImplemented('access control lists')
}
