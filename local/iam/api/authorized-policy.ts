import { AwsError, type Call } from '#local/service.ts'
import { awsManagedPolicies } from '../aws-managed-policies.ts'
import type { Directory } from '../directory.ts'
import { requirePolicy } from '../find-entity.ts'
import type { PolicyRecord } from '../records.ts'
import { requireText } from './check-text.ts'
import { resourceTagContext } from './tags.ts'

/** The managed policy that an input names, once the caller may take the action on it. */
export function authorizedPolicy(
  directory: Directory,
  input: { readonly PolicyArn?: unknown },
  call: Call,
  action: string,
): PolicyRecord {
  const arn = requireText(input, 'PolicyArn')
  const tags = directory.policies.get(arn)?.tags ?? {}
  call.authorize(`iam:${action}`, arn, { context: resourceTagContext(tags) })
  return requirePolicy(directory, arn)
}

/** Refuses to change a policy of AWS. */
export function customerPolicy(policy: PolicyRecord): PolicyRecord {
  if (awsManagedPolicies.has(policy.arn))
    throw new AwsError('AccessDenied', 'Cannot perform the operation on an AWS managed policy.', 403)
  return policy
}
