import type { ProgressEvent } from '#local/deploy/stack-deployer.ts'
import type { DecisionRecord } from '#local/iam/decisions.ts'

/** `explicit-deny s3:PutObject arn:aws:s3:::… for arn:aws:sts::… (resource policy)` */
export function describeDecision({ outcome, action, resource, caller, decidedBy }: DecisionRecord): string {
  const reason = outcome === 'allow' ? '' : ` (${decidedBy} policy)`
  return `${outcome} ${action} ${resource} for ${caller.arn}${reason}`
}

/** `CREATE_COMPLETE AWS::SQS::Queue events` */
export function describeProgress({ status, type, logicalId, reason }: ProgressEvent): string {
  return [status, type, logicalId, ...(reason === undefined ? [] : [reason])].join(' ')
}
