import type { PatternElement, Statement } from './compile-statement.ts'
import type { Lookup } from './context-lookup.ts'
import type { Principal, PrincipalMatch } from './principals.ts'

export interface AccessRequest {
  /** `s3:PutObject`; its case does not matter. */
  readonly action: string
  readonly resource: string
  readonly lookup: Lookup
  /** Needed for statements that name principals. */
  readonly principal?: Principal
  readonly hasBoundary?: boolean
}

/** How the statement reaches the request's principal (`direct` for a policy attached to it), or undefined when it does not apply. */
export function matchStatement(statement: Statement, request: AccessRequest): PrincipalMatch | undefined {
  if (!matchesActions(statement.actions, request)) return undefined
  if (!matchesResources(statement, request)) return undefined
  const match = matchPrincipals(statement, request)
  if (match === undefined || (statement.condition && !statement.condition(request.lookup))) return undefined
  return match
}

/** The patterns of Action and Resource that matched: what makes a grant that nobody uses visible. */
export function matchedPatterns(statement: Statement, request: AccessRequest) {
  const textOf = (element: PatternElement | undefined, value: string) =>
    element?.patterns.find((pattern) => pattern.matches(value, request.lookup))?.text
  return {
    action: textOf(statement.actions, request.action),
    resource: textOf(statement.resources, request.resource),
  }
}

function matchesActions({ patterns, negated }: PatternElement, { action, lookup }: AccessRequest): boolean {
  return patterns.some((pattern) => pattern.matches(action, lookup)) !== negated
}

/**
 * A resource whose variable has no value matches nothing (IAM user guide, "Policy variables with no value"). In NotResource
 * that would widen an Allow to everything, so there such a statement does not apply; a Deny does.
 */
function matchesResources({ effect, resources }: Statement, { resource, lookup }: AccessRequest): boolean {
  if (resources === undefined) return true
  let unresolved = false
  for (const pattern of resources.patterns) {
    const matches = pattern.matches(resource, lookup)
    if (matches) return !resources.negated
    unresolved ||= matches === undefined
  }
  return resources.negated && !(unresolved && effect === 'Allow')
}

/** A Deny with NotPrincipal always reaches a principal that has a permissions boundary, named or not (IAM user guide, "NotPrincipal"). */
function matchPrincipals({ principals }: Statement, request: AccessRequest): PrincipalMatch | undefined {
  if (principals === undefined) return 'direct'
  const { principal, hasBoundary = false } = request
  if (principal === undefined) return undefined
  if (!principals.negated) return principals.element.match(principal)
  return hasBoundary || !principals.element.namesEveryLink(principal) ? 'direct' : undefined
}
