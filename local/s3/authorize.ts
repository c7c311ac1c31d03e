import { AwsError, type Call, type ConditionContext } from '#local/service.ts'
import { type Bucket, bucketArn } from './bucket/bucket-table.ts'
import { isPublicPolicy } from './bucket/is-public-policy.ts'
import type { S3Request } from './s3-request.ts'

/** Throws AccessDenied unless the caller may do the action on the bucket. */
export function authorizeBucket(call: Call, bucket: Bucket, action: string, context: ConditionContext = {}): void {
  call.authorize(action, bucketArn(bucket.name), { context, resourcePolicy: effectivePolicy(call, bucket) })
}

/** Throws AccessDenied unless the caller may do the action on the object. */
export function authorizeObject(
  call: Call,
  bucket: Bucket,
  key: string,
  action: string,
  context: ConditionContext = {},
): void {
  call.authorize(action, `${bucketArn(bucket.name)}/${key}`, {
    context,
    resourcePolicy: effectivePolicy(call, bucket),
  })
}

export function isAllowed(authorize: () => void): boolean {
  try {
    authorize()
    return true
  } catch (error) {
    if (error instanceof AwsError && error.code === 'AccessDenied') return false
    throw error
  }
}

/** RestrictPublicBuckets closes a bucket with a public policy to all but the account and AWS services. */
function effectivePolicy(call: Call, { configurations: { policy, publicAccessBlock } }: Bucket) {
  if (call.caller.kind !== 'anonymous' || !policy) return policy?.document
  return publicAccessBlock?.RestrictPublicBuckets && isPublicPolicy(policy.document) ? undefined : policy.document
}

/** Headers that stand as a condition key of their own: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
const conditionHeaders = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-metadata-directive',
  'x-amz-object-ownership',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
]

/** The same call with S3's condition keys of the request added to every check. */
export function withRequestContext(call: Call, request: S3Request, accountId: string, now: Date): Call {
  const context: Record<string, string> = { 'aws:ResourceAccount': accountId, 's3:ResourceAccount': accountId }
  if (call.caller.kind !== 'anonymous') {
    context['s3:authType'] = request.http.presigned ? 'REST-QUERY-STRING' : 'REST-HEADER'
    context['s3:signatureversion'] = 'AWS4-HMAC-SHA256'
    if (request.http.presigned) context['s3:signatureAge'] = String(signatureAgeMs(request, now))
  }
  for (const header of conditionHeaders) {
    const value = request.headers[header]
    if (value !== undefined) context[`s3:${header}`] = value
  }
  const versionId = request.query.get('versionId')
  if (versionId !== null) context['s3:VersionId'] = versionId
  return addContext(call, context)
}

export function addContext(call: Call, context: ConditionContext): Call {
  return {
    caller: call.caller,
    requestId: call.requestId,
    sourceIp: call.sourceIp,
    authorize: (action, resource, options) =>
      call.authorize(action, resource, { ...options, context: { ...context, ...options?.context } }),
  }
}

function signatureAgeMs(request: S3Request, now: Date): number {
  const signed = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.headers['x-amz-date'] ?? '')
  if (!signed) return 0
  const [, year, month, day, hour, minute, second] = signed
  return now.getTime() - Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
}
