import type { CompiledPolicy } from './compile-policy.ts'
import type { Statement } from './compile-statement.ts'
import type { Outcome } from './evaluate-policies.ts'
import { type AccessRequest, matchStatement } from './match-statement.ts'
import type { Principal, PrincipalMatch } from './principals.ts'

export type PolicyType = 'identity' | 'boundary' | 'session' | 'resource' | 'trust'

/** A policy and where it comes from. */
export interface AttachedPolicy {
  readonly type: PolicyType
  /** ARN of the user, role or resource that it is attached to. */
  readonly owner: string
  readonly name: string
  readonly policy: CompiledPolicy
}

export interface PolicySet {
  readonly identity: readonly AttachedPolicy[]
  readonly boundary?: AttachedPolicy | undefined
  readonly session?: AttachedPolicy | undefined
  readonly resource?: AttachedPolicy | undefined
  /** A key policy or trust policy must itself allow, or at least delegate to the account; other resource policies may be silent. */
  readonly resourceMustAllow?: boolean
}

interface MatchedStatement {
  readonly source: AttachedPolicy
  readonly statement: Statement
}

export interface Decision {
  readonly outcome: Outcome
  /** The type of policy that denied, or did not allow. */
  readonly decidedBy: PolicyType
  readonly matched: readonly MatchedStatement[]
}

/**
 * The decision of IAM within one account. An explicit deny anywhere wins. What a resource policy grants to a user, a session or `*`
 * stands by itself; what it grants to a role is still limited by boundary and session policy; naming the account grants nothing.
 * Source: IAM user guide, "Policy evaluation logic" and "Principal".
 */
export function decide(
  principal: Principal,
  policies: PolicySet,
  { action, resource, lookup }: Pick<AccessRequest, 'action' | 'resource' | 'lookup'>,
): Decision {
  const matched: MatchedStatement[] = []
  const request = { action, resource, lookup, principal, hasBoundary: policies.boundary !== undefined }
  const deny: { type?: PolicyType } = {}

  /** The strongest match among the Allow statements; notes the first Deny on the way. */
  const consult = (source: AttachedPolicy | undefined): PrincipalMatch | undefined => {
    let granted: PrincipalMatch | undefined
    for (const statement of source?.policy.statements ?? []) {
      const match = matchStatement(statement, request)
      if (match === undefined || source === undefined) continue
      matched.push({ source, statement })
      if (statement.effect === 'Deny') deny.type ??= source.type
      else granted = stronger(granted, match)
    }
    return granted
  }

  const byIdentity = policies.identity.map(consult).some((match) => match !== undefined)
  const byBoundary = consult(policies.boundary) !== undefined || policies.boundary === undefined
  const bySession = consult(policies.session) !== undefined || policies.session === undefined
  const byResource = consult(policies.resource)
  const resourceType = policies.resource?.type ?? 'resource'
  const decision = (outcome: Outcome, decidedBy: PolicyType): Decision => ({ outcome, decidedBy, matched })

  if (deny.type !== undefined) return decision('explicit-deny', deny.type)
  if (principal.kind === 'root') return decision('allow', 'identity')
  if (byResource === 'direct') return decision('allow', resourceType)
  if (principal.kind === 'service' || principal.kind === 'anonymous') return decision('implicit-deny', resourceType)
  if (policies.resourceMustAllow && byResource === undefined) return decision('implicit-deny', resourceType)
  if (byResource !== 'role' && !byIdentity) return decision('implicit-deny', 'identity')
  if (!byBoundary) return decision('implicit-deny', 'boundary')
  if (!bySession) return decision('implicit-deny', 'session')
  return decision('allow', byResource === 'role' ? resourceType : 'identity')
}

const strength: Record<PrincipalMatch, number> = { account: 1, role: 2, direct: 3 }

function stronger(left: PrincipalMatch | undefined, right: PrincipalMatch): PrincipalMatch {
  return left === undefined || strength[right] > strength[left] ? right : left
}
