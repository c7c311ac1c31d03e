import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compilePolicy, type PolicyKind } from './compile-policy.ts'
import { conditionOperators } from './condition-operators.ts'
import { contextLookup } from './context-lookup.ts'
import { evaluatePolicies } from './evaluate-policies.ts'
import { compilePattern } from './pattern.ts'

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const withPrincipal = { ...statement, Principal: '*' }
const condition = (operator: string, values: unknown) => ({
  ...statement,
  Condition: { [operator]: { 'test:key': values } },
})

test.each<[string, unknown, RegExp, PolicyKind?]>([
  ['text that is no JSON', '{', /invalid Json/],
  ['an array', [], /Syntax errors/],
  ['no statement', { Version: '2012-10-17' }, /Syntax errors/],
  ['an unknown version', { Version: '2012-10-18', Statement: statement }, /Version/],
  ['an unknown element', { Statement: statement, Comment: 'c' }, /Comment/],
  ['an unknown element of a statement', { Statement: { ...statement, Resources: '*' } }, /Resources/],
  ['a statement that is text', { Statement: ['Allow'] }, /Syntax errors/],
  ['no effect', { Statement: { ...statement, Effect: undefined } }, /Effect/],
  ['an effect in lower case', { Statement: { ...statement, Effect: 'allow' } }, /Effect/],
  ['no action', { Statement: { ...statement, Action: undefined } }, /must contain actions/],
  ['an empty list of actions', { Statement: { ...statement, Action: [] } }, /must contain actions/],
  ['an action without a service', { Statement: { ...statement, Action: 'GetObject' } }, /prefaced by a vendor/],
  ['Action and NotAction', { Statement: { ...statement, NotAction: 's3:*' } }, /exclude each other/],
  ['no resource', { Statement: { ...statement, Resource: undefined } }, /must contain resources/],
  ['a resource that is no ARN', { Statement: { ...statement, Resource: 'bucket' } }, /must be in ARN format/],
  ['a resource that is a number', { Statement: { ...statement, Resource: 1 } }, /expected text/],
  [
    'a Sid twice',
    {
      Statement: [
        { ...statement, Sid: 'a' },
        { ...statement, Sid: 'a' },
      ],
    },
    /must be unique/,
  ],
  ['a Sid with a space', { Statement: { ...statement, Sid: 'a b' } }, /alpha-numeric/],
  ['a principal in an identity policy', { Statement: withPrincipal }, /should not specify a principal/],
  ['no principal in a resource policy', { Statement: statement }, /Principal/, 'resource'],
  ['Allow with NotPrincipal', { Statement: { ...statement, NotPrincipal: '*' } }, /NotPrincipal/, 'resource'],
  ['a principal type that is none', { Statement: { ...statement, Principal: { Aws: '*' } } }, /Aws/, 'resource'],
  [
    'a principal with a wildcard',
    { Statement: { ...statement, Principal: { AWS: 'arn:aws:iam::123456789012:user/*' } } },
    /Invalid principal/,
    'resource',
  ],
  [
    'a service with a wildcard',
    { Statement: { ...statement, Principal: { Service: '*' } } },
    /Invalid principal/,
    'resource',
  ],
  ['a resource in a trust policy', { Statement: withPrincipal }, /prohibited field Resource/, 'trust'],
  [
    'NotPrincipal in a trust policy',
    { Statement: { Effect: 'Deny', Action: 'sts:*', NotPrincipal: '*' } },
    /NotPrincipal/,
    'trust',
  ],
  ['an unknown operator', { Statement: condition('StringMatches', 'a') }, /StringMatches/],
  ['an operator in another case', { Statement: condition('stringEquals', 'a') }, /stringEquals/],
  ['an unknown set operator', { Statement: condition('ForEachValue:StringEquals', 'a') }, /ForEachValue/],
  ['NullIfExists', { Statement: condition('NullIfExists', 'true') }, /NullIfExists/],
  ['Null with a text', { Statement: condition('Null', 'yes') }, /Null/],
  ['Bool with a text', { Statement: condition('Bool', 'yes') }, /boolean/],
  ['a number that is none', { Statement: condition('NumericEquals', 'ten') }, /number/],
  ['a date that is none', { Statement: condition('DateLessThan', 'tomorrow') }, /date/],
  ['an address that is none', { Statement: condition('IpAddress', '10.0.0.256') }, /IP address/],
  ['a prefix that is too long', { Statement: condition('IpAddress', '10.0.0.0/33') }, /IP address/],
  ['an empty prefix', { Statement: condition('IpAddress', '10.0.0.0/') }, /IP address/],
  ['an object as a value', { Statement: condition('StringEquals', {}) }, /condition value/],
  ['a key without a service', { Statement: { ...statement, Condition: { StringEquals: { key: 'a' } } } }, /vendor/],
  ['a condition that is a list', { Statement: { ...statement, Condition: [] } }, /Condition/],
])('%s is malformed', (_name, document, message, kind = 'identity') => {
  expect(() => compilePolicy(document as never, kind)).toThrow(
    expect.objectContaining({ code: 'MalformedPolicyDocument', status: 400, message: expect.stringMatching(message) }),
  )
})

test('a canonical user is refused by name, not ignored', () => {
  const policy = { Statement: { ...statement, Principal: { CanonicalUser: 'abc' } } }
  expect(() => compilePolicy(policy, 'resource')).toThrow(expect.objectContaining({ code: 'NotImplemented' }))
})

test('a resource policy may have words in its Sid', () => {
  expect(compilePolicy({ Statement: { ...withPrincipal, Sid: 'Allow S3' } }, 'resource').statements[0]?.sid).toBe(
    'Allow S3',
  )
})

test('any document either compiles or is malformed', () => {
  const word = fc.constantFrom(
    'Allow',
    'Deny',
    's3:*',
    '*',
    'arn:aws:s3:::$' + '{aws:userid}',
    'StringEquals',
    'Null',
    '',
    'a:b',
  )
  const name = fc.constantFrom(
    ...[
      'Version',
      'Statement',
      'Effect',
      'Action',
      'NotAction',
      'Resource',
      'NotResource',
      'Condition',
      'Principal',
      'Sid',
      'AWS',
    ],
    ...conditionOperators.keys(),
    'aws:userid',
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      word,
      fc.boolean(),
      fc.integer(),
      fc.array(tie('tree')),
      fc.dictionary(name, tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.constantFrom<PolicyKind>('identity', 'resource', 'trust'), (document, kind) => {
      try {
        const policy = compilePolicy(document as never, kind)
        evaluatePolicies([policy], { action: 's3:GetObject', resource: 'arn:aws:s3:::a', context: {} })
      } catch (error) {
        expect(error).toMatchObject({ code: 'MalformedPolicyDocument' })
      }
    }),
  )
})

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '/', ':', '$', '{', '}'), maxLength: 12 })

test('a pattern matches what the regular expression of the same meaning matches', () => {
  fc.assert(
    fc.property(letters, letters, (text, value) => {
      const expression = text.replace(/[.*+?^${}()|[\]\\/]/g, (c) =>
        c === '*' ? '[^]*' : c === '?' ? '[^]' : `\\${c}`,
      )
      const pattern = compilePattern(text, { variables: false, wildcards: true })
      expect(pattern.matches(value, () => undefined)).toBe(new RegExp(`^${expression}$`).test(value))
    }),
    { numRuns: 3000 },
  )
})

test("a variable's value is matched as it is, whatever is in it", () => {
  fc.assert(
    fc.property(letters, letters, letters, (prefix, value, other) => {
      const lookup = contextLookup({ 'aws:username': value })
      const fixed = prefix.replace(/[*?$]/g, 'x')
      const pattern = compilePattern(`${fixed}\${aws:username}/*`, { variables: true, wildcards: true })
      expect(pattern.matches(`${fixed}${value}/${other}`, lookup)).toBe(true)
      expect(pattern.matches(other, lookup)).toBe(other.startsWith(`${fixed}${value}/`))
    }),
    { numRuns: 3000 },
  )
})

test('many wildcards do not take forever', () => {
  const pattern = compilePattern(`${'*a'.repeat(50)}*b`, { variables: false, wildcards: true })
  const start = performance.now()
  expect(pattern.matches('a'.repeat(20_000), () => undefined)).toBe(false)
  expect(performance.now() - start).toBeLessThan(1000)
})
