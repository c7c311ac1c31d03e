import type { Caller, ConditionContext, PolicyDocument } from '#local/service.ts'
import { entityArn, type RoleRecord } from './records.ts'

/** What a session token holds, sealed. Times are seconds since 1970. */
export interface SessionClaims {
  readonly roleName: string
  readonly roleId: string
  readonly sessionName: string
  readonly issued: number
  readonly expires: number
  readonly policy?: PolicyDocument
  readonly context?: ConditionContext
}

export function roleSessionCaller(accountId: string, role: RoleRecord, claims: SessionClaims): Caller {
  return {
    kind: 'assumed-role',
    arn: `arn:aws:sts::${accountId}:assumed-role/${role.name}/${claims.sessionName}`,
    accountId,
    userId: `${role.id}:${claims.sessionName}`,
    roleArn: entityArn(accountId, 'role', role),
    ...(claims.policy && { sessionPolicy: claims.policy }),
    context: {
      ...claims.context,
      ...principalTags(role.tags),
      'aws:TokenIssueTime': new Date(claims.issued * 1000).toISOString(),
    },
  }
}

export function principalTags(tags: Readonly<Record<string, string>>): ConditionContext {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]))
}
