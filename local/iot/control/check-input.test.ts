import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsError } from '#local/service.ts'
import { checkInput } from './check-input.ts'

test('a thing name passes exactly when it has 1 to 128 of its characters', () => {
  const name = fc.oneof(
    fc.string({ maxLength: 140 }),
    fc.string({ unit: fc.constantFrom(...'azAZ09:_-'), maxLength: 140 }),
  )
  fc.assert(
    fc.property(name, (thingName) => {
      const isName = /^[a-zA-Z0-9:_-]+$/.test(thingName) && thingName.length <= 128 && !thingName.includes('\n')
      const check = () => checkInput('DescribeThing', { thingName })
      if (isName) check()
      else expect(check).toThrow(/validation errors? detected: Value '.*' at 'thingName' failed to satisfy constraint/s)
    }),
  )
})

test('any JSON is passed or refused, never a crash', () => {
  const operations = ['CreateThing', 'CreateTopicRule', 'TagResource', 'RegisterCACertificate', 'ListThings']
  fc.assert(
    fc.property(fc.constantFrom(...operations), fc.jsonValue(), (operation, input) => {
      try {
        checkInput(operation, input)
      } catch (error) {
        expect(error).toBeInstanceOf(AwsError)
      }
    }),
  )
})

test('violations are worded as AWS words them', () => {
  const messageOf = (operation: string, input: unknown) => {
    try {
      checkInput(operation, input)
    } catch (error) {
      return error instanceof AwsError ? `${error.code}: ${error.message}` : error
    }
    return 'passed'
  }
  expect(messageOf('CreateThing', { thingName: 'a b' })).toBe(
    "InvalidRequestException: 1 validation error detected: Value 'a b' at 'thingName' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: [a-zA-Z0-9:_-]+',
  )
  expect(messageOf('AttachPolicy', { policyName: '' })).toContain('3 validation errors detected')
  expect(messageOf('AttachPolicy', { policyName: 'p' })).toContain(
    "Value null at 'target' failed to satisfy constraint: Member must not be null",
  )
  expect(messageOf('ListThings', { maxResults: 251 })).toContain('Member must have value less than or equal to 250')
  expect(messageOf('UpdateCertificate', { certificateId: 'a'.repeat(64), newStatus: 'ON' })).toContain(
    'Member must satisfy enum value set: [ACTIVE, INACTIVE, REVOKED, PENDING_TRANSFER, REGISTER_INACTIVE, PENDING_ACTIVATION]',
  )
  expect(messageOf('CreateThing', { thingName: 7 })).toBe('SerializationException: thingName must be a string')
  expect(messageOf('CreateThingType', { thingTypeName: 'a', tags: [{ Key: 'k\n', Value: 'v' }] })).toContain(
    "at 'tags.1.member.Key'",
  )
})
