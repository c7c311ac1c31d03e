import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actionAndResourceCases } from './cases/action-and-resource-cases.ts'
import { conditionCases } from './cases/condition-cases.ts'
import { limitCases } from './cases/limit-cases.ts'
import { bucketKey, type PolicyCase, principals } from './cases/policy-case.ts'
import { principalCases } from './cases/principal-cases.ts'
import { variableCases } from './cases/variable-cases.ts'
import { compilePolicy, type PolicyKind } from './compile-policy.ts'
import { contextLookup } from './context-lookup.ts'
import { type AttachedPolicy, type Decision, decide, type PolicyType } from './decide.ts'

const cases = [...actionAndResourceCases, ...variableCases, ...conditionCases, ...principalCases, ...limitCases]

test.each(cases)('$name', (policyCase) => {
  const decision = decideCase(policyCase)
  expect(decision.outcome).toBe(policyCase.expect)
  if (policyCase.decidedBy !== undefined) expect(decision.decidedBy).toBe(policyCase.decidedBy)
})

test('each case has a name of its own', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

const placements = ['identity', 'boundary', 'session', 'onResource'] as const
const anyCase = fc.constantFrom(...cases.filter(({ trust }) => trust === undefined))
const anyStatement = fc
  .constantFrom(...cases)
  .chain(({ identity, onResource }) => fc.constantFrom(...(identity ?? []), ...(onResource ?? []), {}))
  .map((statement) => ({ Action: '*', Resource: '*', Principal: '*', ...statement }))

test('an added Deny never grants', () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom(...placements), anyStatement, (policyCase, placement, statement) => {
      const before = decideCase(policyCase)
      const after = decideCase(withStatement(policyCase, placement, { ...statement, Effect: 'Deny' }))
      if (before.outcome !== 'allow') expect(after.outcome).not.toBe('allow')
    }),
    { numRuns: 2000 },
  )
})

test('an added Allow never removes', () => {
  fc.assert(
    fc.property(anyCase, fc.constantFrom(...placements), anyStatement, (policyCase, placement, statement) => {
      // The first statement of a boundary or session policy brings the limit itself; a further one only widens it.
      fc.pre(policyCase[placement] !== undefined || placement === 'identity' || placement === 'onResource')
      const before = decideCase(policyCase)
      const after = decideCase(withStatement(policyCase, placement, { ...statement, Effect: 'Allow' }))
      if (before.outcome === 'allow') expect(after.outcome).toBe('allow')
    }),
    { numRuns: 2000 },
  )
})

function withStatement(policyCase: PolicyCase, placement: (typeof placements)[number], statement: object): PolicyCase {
  const { Principal, NotPrincipal, NotAction, NotResource, Action, Resource, ...rest } = statement as Record<
    string,
    unknown
  >
  const actions = NotAction === undefined ? { Action } : { NotAction }
  const resources = NotResource === undefined ? { Resource } : { NotResource }
  const named = rest.Effect === 'Deny' && NotPrincipal !== undefined ? { NotPrincipal } : { Principal }
  const who = placement === 'onResource' ? named : {}
  return {
    ...policyCase,
    [placement]: [...(policyCase[placement] ?? []), { ...rest, ...actions, ...resources, ...who }],
  }
}

function decideCase(policyCase: PolicyCase): Decision {
  const { version = '2012-10-17', by = 'nina', action = 's3:GetObject', resource = bucketKey, context } = policyCase
  const attach = (statements: PolicyCase['identity'], type: PolicyType, kind: PolicyKind): AttachedPolicy | undefined =>
    statements && {
      type,
      owner: 'arn:aws:iam::123456789012:user/owner',
      name: type,
      policy: compilePolicy({ Version: version, Statement: statements }, kind),
    }
  const policies = {
    identity: [attach(policyCase.identity, 'identity', 'identity')].filter((policy) => policy !== undefined),
    boundary: attach(policyCase.boundary, 'boundary', 'identity'),
    session: attach(policyCase.session, 'session', 'identity'),
    resource: attach(policyCase.onResource, 'resource', 'resource') ?? attach(policyCase.trust, 'trust', 'trust'),
    resourceMustAllow: policyCase.resourceMustAllow ?? false,
  }
  return decide(principals[by], policies, { action, resource, lookup: contextLookup(context) })
}
