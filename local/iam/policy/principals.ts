import { notImplemented } from '#local/service.ts'
import { isObject, listOf } from './json-shape.ts'
import { malformedPolicy } from './malformed-policy.ts'

/** Who asks, as far as a Principal element can name them. Caller fits. */
export interface Principal {
  readonly kind: 'root' | 'user' | 'assumed-role' | 'service' | 'anonymous'
  readonly arn: string
  readonly accountId: string
  readonly userId: string
  readonly roleArn?: string
}

/**
 * How a resource policy names a principal, strongest first: itself (also `*`), the role of its session, or only its account, which
 * grants nothing and leaves the grant to identity policies.
 * Source: IAM user guide, "Policy evaluation logic", resource-based policies and implicit denies.
 */
export type PrincipalMatch = 'direct' | 'role' | 'account'

export interface PrincipalElement {
  match(principal: Principal): PrincipalMatch | undefined
  /** For NotPrincipal: whether the principal, its role and its account are all named. */
  namesEveryLink(principal: Principal): boolean
}

const awsPrincipal =
  /^(\*|\d{12}|A(ROA|IDA)[A-Z0-9]+|arn:aws[a-z-]*:(iam::\d{12}:(root|(user|role)\/[^*?]+)|sts::\d{12}:(assumed-role|federated-user)\/[^*?]+))$/

export function compilePrincipals(element: unknown): PrincipalElement {
  const named = element === '*' ? { AWS: '*' } : element
  if (!isObject(named)) throw malformedPolicy('Invalid principal in policy.')
  const aws = new Set<string>()
  const services = new Set<string>()
  for (const [type, values] of Object.entries(named)) {
    if (type === 'CanonicalUser') throw notImplemented('Principal CanonicalUser')
    if (type !== 'AWS' && type !== 'Service' && type !== 'Federated') throw invalidPrincipal(type, values)
    for (const value of listOf(values)) {
      if (typeof value !== 'string' || value === '') throw invalidPrincipal(type, value)
      if (type === 'AWS' && !awsPrincipal.test(value)) throw invalidPrincipal(type, value)
      if (type === 'Service' && !/^[a-z0-9.-]+$/.test(value)) throw invalidPrincipal(type, value)
      // A federated principal is parsed and matches nobody: the operations that would make one are not implemented.
      if (type === 'AWS') aws.add(value)
      if (type === 'Service') services.add(value)
    }
  }
  return principalElement(aws, services)
}

function invalidPrincipal(type: string, value: unknown): Error {
  return malformedPolicy(`Invalid principal in policy: "${type}":${JSON.stringify(value)}`)
}

function principalElement(aws: ReadonlySet<string>, services: ReadonlySet<string>): PrincipalElement {
  const namesItself = (principal: Principal) =>
    principal.kind === 'service' ? services.has(principal.arn) : aws.has(principal.arn) || aws.has(principal.userId)
  const namesRole = ({ roleArn, userId }: Principal) =>
    roleArn !== undefined && (aws.has(roleArn) || aws.has(userId.slice(0, userId.indexOf(':'))))
  const namesAccount = ({ accountId }: Principal) => aws.has(accountId) || aws.has(`arn:aws:iam::${accountId}:root`)
  return {
    match(principal) {
      if (aws.has('*') || namesItself(principal)) return 'direct'
      if (principal.kind === 'service' || principal.kind === 'anonymous') return undefined
      if (namesRole(principal)) return 'role'
      return namesAccount(principal) ? 'account' : undefined
    },
    namesEveryLink(principal) {
      if (principal.kind === 'service' || aws.has('*')) return aws.has('*') || namesItself(principal)
      if (!namesAccount(principal)) return false
      return principal.kind === 'root' || namesItself(principal) || namesRole(principal)
    },
  }
}
