import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolve, type Scope } from './resolve.ts'

const scope: Scope = {
  mappings: { Size: { small: { mb: 128 } } },
  preview: false,
  ref: (name) => ({ Bucket: 'my-bucket', 'AWS::Region': 'eu-west-1', Names: ['a', 'b'] })[name],
  attribute: (id, name) => (id === 'Bucket' && name === 'Arn' ? 'arn:aws:s3:::my-bucket' : undefined),
  condition: (name) => ({ Yes: true, No: false })[name],
}

test.each([
  ['Ref', { Ref: 'Bucket' }, 'my-bucket'],
  ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Bucket', 'Arn'] }, 'arn:aws:s3:::my-bucket'],
  ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Bucket.Arn' }, 'arn:aws:s3:::my-bucket'],
  [
    'Fn::Sub',
    { 'Fn::Sub': `\${AWS::Region}/\${Bucket}/\${Bucket.Arn}/\${!Literal}` },
    `eu-west-1/my-bucket/arn:aws:s3:::my-bucket/\${Literal}`,
  ],
  ['Fn::Sub with variables', { 'Fn::Sub': [`\${x}-\${Bucket}`, { x: { Ref: 'AWS::Region' } }] }, 'eu-west-1-my-bucket'],
  ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Bucket' }, 1]] }, 'a-my-bucket-1'],
  ['Fn::Join of a list parameter', { 'Fn::Join': ['', { Ref: 'Names' }] }, 'ab'],
  [
    'Fn::Select of Fn::Split',
    { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Bucket', 'Arn'] }] }] },
    'my-bucket',
  ],
  ['Fn::If', { 'Fn::If': ['Yes', { Ref: 'Bucket' }, { Ref: 'AWS::NoValue' }] }, 'my-bucket'],
  ['Fn::FindInMap', { 'Fn::FindInMap': ['Size', 'small', 'mb'] }, 128],
  ['Fn::Base64', { 'Fn::Base64': 'x' }, 'eA=='],
  ['no value in an object', { a: 1, b: { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] } }, { a: 1 }],
  ['no value in a list', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
  ['what only looks like an intrinsic', { Condition: { Bool: { x: 'true' } } }, { Condition: { Bool: { x: 'true' } } }],
])('%s', (_name, value, expected) => {
  expect(resolve(value, scope, 'P')).toEqual(expected)
})

test.each([
  ['an unknown resource', { a: [{ Ref: 'Nobody' }] }, "P.a[0].Ref: there is no parameter or resource 'Nobody'"],
  [
    'an unknown attribute',
    { 'Fn::GetAtt': ['Bucket', 'Name'] },
    "P.Fn::GetAtt: there is no attribute 'Name' of a resource 'Bucket'",
  ],
  [
    'an unknown function',
    { x: { 'Fn::Cidr': [] } },
    'P.x.Fn::Cidr: the embedded cloud does not know this intrinsic function',
  ],
  [
    'an import',
    { 'Fn::ImportValue': 'x' },
    'P.Fn::ImportValue: the embedded cloud does not know this intrinsic function',
  ],
  ['a select beyond the end', { 'Fn::Select': [2, ['a']] }, 'P.Fn::Select: the list has no item 2'],
  ['a missing map entry', { 'Fn::FindInMap': ['Size', 'big', 'mb'] }, 'P.Fn::FindInMap: Mappings has no Size.big.mb'],
  ['an unknown condition', { 'Fn::If': ['Maybe', 1, 2] }, "P.Fn::If: there is no condition 'Maybe'"],
  ['text in place of a list', { 'Fn::Join': ['-', 'a'] }, 'P.Fn::Join: needs a list, not "a"'],
  ['a structure in text', { 'Fn::Sub': [`\${x}`, { x: [] }] }, 'P.Fn::Sub: needs text, not []'],
])('%s is named with its place', (_name, value, message) => {
  expect(() => resolve(value, scope, 'P')).toThrow(message)
})

test('a value without intrinsics stays as it is', () => {
  const plain = fc.jsonValue().filter((value) => !/"(Ref|Fn::|__proto__)/.test(JSON.stringify(value)))
  fc.assert(
    fc.property(plain, (value) => {
      expect(resolve(value, scope, 'P')).toEqual(value)
    }),
  )
})
