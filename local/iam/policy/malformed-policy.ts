import { AwsError } from '#local/service.ts'

/** The error of IAM, STS and KMS for a policy document that cannot be used; other services have a code of their own for it. */
export function malformedPolicy(message: string, options: { cause?: unknown } = {}): AwsError {
  return new AwsError('MalformedPolicyDocument', message, 400, options)
}
