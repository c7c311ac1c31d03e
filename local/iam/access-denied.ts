import { AwsError, type Caller } from '#local/service.ts'
import type { Decision, PolicyType } from './policy/decide.ts'

const policyNames: Record<PolicyType, string> = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  resource: 'resource-based policy',
  trust: 'role trust policy',
}

/** Words of the IAM user guide, "Troubleshoot access denied error messages". S3 puts the resource in quotes. */
export function accessDenied(caller: Caller, action: string, resource: string, decision: Decision): AwsError {
  if (caller.kind === 'anonymous') return new AwsError('AccessDenied', 'Access Denied', 403)
  const name = policyNames[decision.decidedBy]
  const article = name.startsWith('i') ? 'an' : 'a'
  const reason =
    decision.outcome === 'explicit-deny'
      ? `with an explicit deny in ${article} ${name}`
      : `because no ${name} allows the ${action} action`
  const target = action.startsWith('s3:') ? `"${resource}"` : resource
  const message = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${target} ${reason}`
  return new AwsError('AccessDenied', message, 403)
}
