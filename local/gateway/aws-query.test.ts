import { CreateUserCommand, GetUserCommand, IAMClient, ListUsersCommand } from '@aws-sdk/client-iam'
import fc from 'fast-check'
import { XMLParser } from 'fast-xml-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AwsError, type Operations } from '#local/service.ts'
import { awsQuery } from './aws-query.ts'
import { type GatewayFixture, startGateway } from './gateway-fixture.ts'
import { decodeQueryInput } from './query-input.ts'
import { encodeXmlMember } from './xml.ts'

const inputs: unknown[] = []
const created = new Date('2026-01-02T03:04:05Z')
const operations: Operations = {
  CreateUser(input) {
    inputs.push(input)
  },
  ListUsers(input) {
    inputs.push(input)
    const user = { Path: '/', UserId: 'AIDA', Arn: 'arn:aws:iam::1:user/a', CreateDate: created }
    return {
      Users: [
        { ...user, UserName: 'a & <b> "c"' },
        { ...user, UserName: 'd' },
      ],
      IsTruncated: false,
    }
  },
  GetUser() {
    throw new AwsError('NoSuchEntity', 'The user with name <x> cannot be found.', 404)
  },
}

let fixture: GatewayFixture
let iam: IAMClient

beforeAll(async () => {
  fixture = await startGateway(() => ({
    iam: awsQuery({
      operations,
      version: '2010-05-08',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      types: { MaxItems: 'integer', Tags: 'list' },
    }),
  }))
  iam = new IAMClient(fixture.clientConfig)
})
afterAll(() => fixture.stop())

test('lists and structures of a request become arrays and objects', async () => {
  const Tags = Array.from({ length: 11 }, (_, index) => ({ Key: `k${index}`, Value: `v=${index}&` }))
  await iam.send(new CreateUserCommand({ UserName: 'a+b c', Tags }))
  expect(inputs.at(-1)).toEqual({ UserName: 'a+b c', Tags })
  await iam.send(new ListUsersCommand({ MaxItems: 3 }))
  expect(inputs.at(-1)).toEqual({ MaxItems: 3 })
})

test('lists, dates and booleans of an answer are what the SDK expects', async () => {
  const { Users, IsTruncated } = await iam.send(new ListUsersCommand({}))
  expect(Users?.map(({ UserName, CreateDate }) => [UserName, CreateDate])).toEqual([
    ['a & <b> "c"', created],
    ['d', created],
  ])
  expect(IsTruncated).toBe(false)
})

test('an error reaches the SDK with its name and message', async () => {
  await expect(iam.send(new GetUserCommand({ UserName: 'x' }))).rejects.toMatchObject({
    message: 'The user with name <x> cannot be found.',
    Code: 'NoSuchEntity',
    $metadata: { httpStatusCode: 404 },
  })
})

const decode = (form: string) =>
  decodeQueryInput(new URLSearchParams(form), { Count: 'integer', Flag: 'boolean', List: 'list' })

test('maps, flat lists, typed and empty members are understood', () => {
  expect(decode('M.entry.1.key=a&M.entry.1.value=1&M.entry.2.key=b&M.entry.2.value=2')).toEqual({
    M: { a: '1', b: '2' },
  })
  expect(decode('L.2=b&L.1=a')).toEqual({ L: ['a', 'b'] })
  expect(decode('Count=5&Flag=True&List=')).toEqual({ Count: 5, Flag: true, List: [] })
  expect(decode('A.member.1.B.member.1.C=x')).toEqual({ A: [{ B: [{ C: 'x' }] }] })
})

test.each([
  'Count=five',
  'Flag=maybe',
  'List=x',
  'A=1&A=2',
  'A=1&A.B=2',
  'A.B=1&A=2',
  'M.entry.1.key=a',
  'a.'.repeat(20),
])('the form %s is refused', (form) => {
  expect(() => decode(form)).toThrow(AwsError)
})

test('whatever the form holds, it is decoded or refused, and pollutes no prototype', () => {
  const part = fc.constantFrom('member', 'entry', 'key', 'value', '1', '2', '__proto__', 'constructor', 'A', '')
  const name = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string()), { maxLength: 5 }), (pairs) => {
      try {
        expect(decodeQueryInput(new URLSearchParams(pairs))).toBeTypeOf('object')
      } catch (error) {
        expect(error).toBeInstanceOf(AwsError)
      }
      expect(Object.hasOwn(Object.prototype, '1')).toBe(false)
    }),
  )
})

test('text in XML is read back as it was', () => {
  const parser = new XMLParser({ trimValues: false, parseTagValue: false, htmlEntities: true })
  const text = fc.string({ unit: fc.constantFrom(...'a&<>"\'\r\n\t é😀') })
  fc.assert(
    fc.property(text, (value) => {
      expect(parser.parse(encodeXmlMember('x', value)).x).toBe(value)
    }),
  )
})
