import type { Call } from '#local/service.ts'

/** What a service asks before it takes a role that a caller hands it. */
export function authorizePassRole(call: Call, roleArn: string, service: string): void {
  call.authorize('iam:PassRole', roleArn, { context: { 'iam:PassedToService': service } })
}
