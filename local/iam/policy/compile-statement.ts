import type { PolicyKind } from './compile-policy.ts'
import { type Condition, compileCondition } from './condition.ts'
import { listOf } from './json-shape.ts'
import { malformedPolicy } from './malformed-policy.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { compilePrincipals, type PrincipalElement } from './principals.ts'

/** Action or NotAction, Resource or NotResource. */
export interface PatternElement {
  readonly patterns: readonly Pattern[]
  readonly negated: boolean
}

export interface Statement {
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** Absent in identity policies. */
  readonly principals: { readonly element: PrincipalElement; readonly negated: boolean } | undefined
  readonly actions: PatternElement
  /** Absent in trust policies. */
  readonly resources: PatternElement | undefined
  readonly condition: Condition | undefined
}

interface StatementSetting {
  readonly index: number
  readonly kind: PolicyKind
  readonly variables: boolean
}

type Element = Readonly<Record<string, unknown>>

const statementElements = new Set(
  'Sid Effect Principal NotPrincipal Action NotAction Resource NotResource Condition'.split(' '),
)

export function compileStatement(statement: Element, { index, kind, variables }: StatementSetting): Statement {
  for (const name of Object.keys(statement))
    if (!statementElements.has(name)) throw malformedPolicy(`Syntax errors in policy: unknown element ${name}.`)
  const { Sid: sid, Effect: effect } = statement
  if (effect !== 'Allow' && effect !== 'Deny')
    throw malformedPolicy('Syntax errors in policy: Effect must be Allow or Deny.')
  if (sid !== undefined && typeof sid !== 'string') throw malformedPolicy('Syntax errors in policy: Sid must be text.')
  if (kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(sid ?? ''))
    throw malformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
  return {
    index,
    sid: sid === '' ? undefined : sid,
    effect,
    principals: compilePrincipalElement(statement, kind, effect),
    actions: compileActions(statement),
    resources: compileResources(statement, kind, variables),
    condition: statement.Condition === undefined ? undefined : compileCondition(statement.Condition, variables),
  }
}

/** The element or its negation, and which of them it is: exactly one may be there. */
function eitherElement(statement: Element, name: string): { value: unknown; negated: boolean } | undefined {
  const negatedName = `Not${name}`
  const negated = statement[negatedName] !== undefined
  if (negated && statement[name] !== undefined)
    throw malformedPolicy(`Syntax errors in policy: ${name} and ${negatedName} exclude each other.`)
  const value = statement[negated ? negatedName : name]
  return value === undefined ? undefined : { value, negated }
}

function compilePrincipalElement(statement: Element, kind: PolicyKind, effect: string): Statement['principals'] {
  const found = eitherElement(statement, 'Principal')
  if (kind === 'identity') {
    if (found !== undefined) throw malformedPolicy('Policy document should not specify a principal.')
    return undefined
  }
  if (found === undefined) throw malformedPolicy('Syntax errors in policy: Missing required field Principal')
  if (found.negated && kind === 'trust') throw malformedPolicy('AssumeRolepolicy contained NotPrincipal.')
  if (found.negated && effect === 'Allow')
    throw malformedPolicy('Syntax errors in policy: Allow with NotPrincipal is not supported.')
  return { element: compilePrincipals(found.value), negated: found.negated }
}

function compileActions(statement: Element): PatternElement {
  const found = eitherElement(statement, 'Action')
  const actions = textList(found?.value)
  if (found === undefined || actions.length === 0) throw malformedPolicy('Policy statement must contain actions.')
  for (const action of actions)
    if (action !== '*' && !/^[^:\s]+:[^:\s]+$/.test(action))
      throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  const syntax = { variables: false, wildcards: true, ignoreCase: true }
  return { patterns: actions.map((action) => compilePattern(action, syntax)), negated: found.negated }
}

function compileResources(statement: Element, kind: PolicyKind, variables: boolean): PatternElement | undefined {
  const found = eitherElement(statement, 'Resource')
  if (kind === 'trust') {
    if (found !== undefined) throw malformedPolicy('Has prohibited field Resource.')
    return undefined
  }
  const resources = textList(found?.value)
  if (found === undefined || resources.length === 0) throw malformedPolicy('Policy statement must contain resources.')
  for (const resource of resources)
    if (resource !== '*' && !/^arn:/.test(resource))
      throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`)
  const syntax = { variables, wildcards: true }
  return { patterns: resources.map((resource) => compilePattern(resource, syntax)), negated: found.negated }
}

function textList(value: unknown): readonly string[] {
  return listOf(value).map((item) => {
    if (typeof item !== 'string') throw malformedPolicy('Syntax errors in policy: expected text or a list of texts.')
    return item
  })
}
