import { expect, test } from 'vitest'
import { isPublicPolicy } from './is-public-policy.ts'

const statement = (more: object) => ({
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: '*',
  ...more,
})

test.each([
  ['everybody', statement({}), true],
  ['everybody, as a list', statement({ Principal: { AWS: ['*'] } }), true],
  ['all but somebody', statement({ Principal: undefined, NotPrincipal: { AWS: 'x' } }), true],
  ['a role', statement({ Principal: { AWS: 'arn:aws:iam::1:role/r' } }), false],
  ['a service', statement({ Principal: { Service: 'x.amazonaws.com' } }), false],
  ['a denial', statement({ Effect: 'Deny' }), false],
  ['one account', statement({ Condition: { StringEquals: { 'aws:PrincipalAccount': '1' } } }), false],
  ['one address range', statement({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }), false],
  ['every address', statement({ Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/0' } } }), true],
  ['a wildcard', statement({ Condition: { StringLike: { 'aws:PrincipalAccount': '*' } } }), true],
  ['a variable', statement({ Condition: { StringEquals: { 'aws:PrincipalAccount': '$' + '{aws:userid}' } } }), true],
  ['a negation', statement({ Condition: { StringNotEquals: { 'aws:PrincipalAccount': '1' } } }), true],
  ['an optional condition', statement({ Condition: { StringEqualsIfExists: { 'aws:PrincipalAccount': '1' } } }), true],
  ['a key that says nothing of who', statement({ Condition: { StringEquals: { 's3:prefix': 'a' } } }), true],
])('a grant to %s', (_, only, isPublic) => {
  expect(isPublicPolicy({ Version: '2012-10-17', Statement: [only] })).toBe(isPublic)
})
