import type { Call, Operations, PolicyDocument } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import { s3Error } from '../s3-error.ts'
import type { S3State } from '../s3-state.ts'
import { bucketArn } from './bucket-table.ts'
import { isPublicPolicy } from './is-public-policy.ts'

const maxPolicyBytes = 20 * 1024

export function bucketPolicyOperations(s3: S3State): Operations {
  return {
    PutBucketPolicy({ Bucket, Policy }: { Bucket: string; Policy: string }, call: Call) {
      const bucket = s3.buckets.require(Bucket)
      authorizeBucket(call, bucket, 's3:PutBucketPolicy')
      const document = parseBucketPolicy(Bucket, Policy)
      if (bucket.configurations.publicAccessBlock?.BlockPublicPolicy && isPublicPolicy(document)) {
        const message = `User: ${call.caller.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(Bucket)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`
        throw s3Error('AccessDenied', {}, { message })
      }
      s3.buckets.configure(Bucket, { policy: { text: Policy, document } })
      return {}
    },
    GetBucketPolicy({ Bucket }: { Bucket: string }, call: Call) {
      const bucket = s3.buckets.require(Bucket)
      authorizeBucket(call, bucket, 's3:GetBucketPolicy')
      if (!bucket.configurations.policy) throw s3Error('NoSuchBucketPolicy', { BucketName: Bucket })
      return { Policy: bucket.configurations.policy.text }
    },
    GetBucketPolicyStatus({ Bucket }: { Bucket: string }, call: Call) {
      const bucket = s3.buckets.require(Bucket)
      authorizeBucket(call, bucket, 's3:GetBucketPolicyStatus')
      if (!bucket.configurations.policy) throw s3Error('NoSuchBucketPolicy', { BucketName: Bucket })
      return { PolicyStatus: { IsPublic: isPublicPolicy(bucket.configurations.policy.document) } }
    },
    DeleteBucketPolicy({ Bucket }: { Bucket: string }, call: Call) {
      authorizeBucket(call, s3.buckets.require(Bucket), 's3:DeleteBucketPolicy')
      s3.buckets.configure(Bucket, { policy: undefined })
      return {}
    },
  }
}

/** Checks what S3 checks before it takes a policy: JSON, the members of a statement, and that it speaks of this bucket. */
function parseBucketPolicy(bucket: string, text: string): PolicyDocument {
  if (Buffer.byteLength(text) > maxPolicyBytes)
    throw malformed('Normalized policy document exceeds the maximum allowed size')
  const document = parseJsonObject(text)
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement]
  for (const statement of statements as Record<string, unknown>[]) {
    if (typeof statement !== 'object' || statement === null) throw malformed('Missing required field Statement')
    if (!('Effect' in statement)) throw malformed('Missing required field Effect')
    if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
      throw malformed(`Invalid effect: ${statement.Effect}`)
    if (!('Principal' in statement || 'NotPrincipal' in statement)) throw malformed('Missing required field Principal')
    if (!('Action' in statement || 'NotAction' in statement)) throw malformed('Missing required field Action')
    const resources = [statement.Resource ?? statement.NotResource ?? []].flat()
    if (resources.length === 0) throw malformed('Missing required field Resource')
    if (!resources.every((resource) => isWithin(bucket, resource))) throw malformed('Policy has invalid resource')
  }
  return document
}

function parseJsonObject(text: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(text)
    if (text.startsWith('{') && typeof document === 'object' && document !== null)
      return document as Record<string, unknown>
  } catch {
    // Refused below, in S3's words.
  }
  throw s3Error('MalformedPolicy')
}

function isWithin(bucket: string, resource: unknown): boolean {
  return (
    typeof resource === 'string' &&
    (resource === bucketArn(bucket) ||
      resource.startsWith(`${bucketArn(bucket)}/`) ||
      resource === `${bucketArn(bucket)}*`)
  )
}

function malformed(message: string): Error {
  return s3Error('MalformedPolicy', {}, { message })
}
