import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsError } from '#local/service.ts'
import { parseEventPattern } from './event-pattern.ts'

const event = {
  source: 'fleet',
  'detail-type': 'Certificate quarantined',
  resources: ['arn:aws:iot:us-east-1:000000000000:cert/a1', 'arn:aws:iot:us-east-1:000000000000:thing/lamp'],
  detail: {
    name: 'Lamp-1',
    state: null,
    count: 5,
    on: true,
    empty: [],
    place: { floor: 2 },
    parts: [
      { kind: 'led', watts: 3 },
      { kind: 'fan', watts: 9 },
    ],
  },
}

function matches(pattern: object): boolean {
  return parseEventPattern(JSON.stringify(pattern))(event)
}
const detail = (fields: object) => ({ detail: fields })

test.each<[object, boolean]>([
  [{ source: ['fleet'] }, true],
  [{ source: ['other', 'fleet'] }, true],
  [{ source: ['Fleet'] }, false],
  [{ source: ['fleet'], 'detail-type': ['x'] }, false],
  [{ resources: ['arn:aws:iot:us-east-1:000000000000:thing/lamp'] }, true],
  [{ absent: ['x'] }, false],
  [{ toString: [{ exists: true }] }, false],
  [detail({ state: [null] }), true],
  [detail({ state: [''] }), false],
  [detail({ count: [5] }), true],
  [detail({ count: ['5'] }), false],
  [detail({ on: [true] }), true],
  [detail({ place: { floor: [2] } }), true],
  [detail({ place: { floor: [3] } }), false],
  [detail({ name: { floor: [3] } }), false],
  [detail({ parts: { kind: ['fan'], watts: [9] } }), true],
  // One element has to meet all of it.
  [detail({ parts: { kind: ['fan'], watts: [3] } }), false],
  [detail({ name: [{ prefix: 'Lamp' }] }), true],
  [detail({ name: [{ prefix: 'lamp' }] }), false],
  [detail({ name: [{ prefix: { 'equals-ignore-case': 'lamp' } }] }), true],
  [detail({ name: [{ suffix: '-1' }] }), true],
  [detail({ name: [{ suffix: { 'equals-ignore-case': 'P-1' } }] }), true],
  [detail({ count: [{ prefix: '5' }] }), false],
  [detail({ name: [{ 'equals-ignore-case': 'LAMP-1' }] }), true],
  [detail({ name: [{ 'anything-but': 'Lamp-1' }] }), false],
  [detail({ name: [{ 'anything-but': ['a', 'b'] }] }), true],
  [detail({ count: [{ 'anything-but': [5, 6] }] }), false],
  [detail({ name: [{ 'anything-but': { prefix: 'Lamp' } }] }), false],
  [detail({ name: [{ 'anything-but': { suffix: ['2', '3'] } }] }), true],
  [detail({ name: [{ 'anything-but': { 'equals-ignore-case': ['lamp-1'] } }] }), false],
  [detail({ name: [{ 'anything-but': { wildcard: 'L*1' } }] }), false],
  // What is not there is not anything else.
  [detail({ absent: [{ 'anything-but': 'x' }] }), false],
  [detail({ absent: [{ exists: false }] }), true],
  [detail({ name: [{ exists: false }] }), false],
  [detail({ name: [{ exists: true }] }), true],
  [detail({ state: [{ exists: true }] }), true],
  [detail({ empty: [{ exists: true }] }), false],
  // Only leaves exist.
  [detail({ place: [{ exists: true }] }), false],
  [{ absent: { deep: { down: [{ exists: false }] } } }, true],
  [detail({ empty: { deep: [{ exists: false }] } }), true],
  [detail({ count: [{ numeric: ['=', 5] }] }), true],
  [detail({ count: [{ numeric: ['>', 4, '<=', 5] }] }), true],
  [detail({ count: [{ numeric: ['>=', 0, '<', 5] }] }), false],
  [detail({ count: [{ numeric: ['<', 6] }] }), true],
  [detail({ name: [{ numeric: ['>', 0] }] }), false],
  [detail({ name: [{ wildcard: 'L*p-*' }] }), true],
  [detail({ name: [{ wildcard: 'Lamp-1' }] }), true],
  [detail({ name: [{ wildcard: 'Lamp-1*1' }] }), false],
  [detail({ name: [{ wildcard: 'Lamp\\*' }] }), false],
  [detail({ $or: [{ count: [9] }, { name: [{ prefix: 'L' }] }] }), true],
  [detail({ on: [true], $or: [{ count: [9] }, { count: [8] }] }), false],
])('%j: %s', (pattern, expected) => {
  expect(matches(pattern)).toBe(expected)
})

test.each([
  ['', 'JSON'],
  ['[]', 'Filter is not an object'],
  ['{}', 'Empty objects'],
  ['{"a":{}}', 'Empty objects'],
  ['{"a":"b"}', '"a" must be an object or an array'],
  ['{"a":[]}', 'Empty arrays'],
  ['{"a":[["b"]]}', 'array in an array'],
  ['{"a":[{"preffix":"b"}]}', 'Unrecognized match type preffix'],
  ['{"a":[{"prefix":"b","suffix":"c"}]}', 'Only one key'],
  ['{"a":[{"prefix":1}]}', 'must be a string'],
  ['{"a":[{"exists":"yes"}]}', 'either true or false'],
  ['{"a":[{"anything-but":[]}]}', 'Empty arrays'],
  ['{"a":[{"anything-but":["b",1]}]}', 'Inside anything but list'],
  ['{"a":[{"anything-but":{"numeric":["=",1]}}]}', 'Unsupported anything-but'],
  ['{"a":[{"numeric":[">"]}]}', 'Bad numeric range'],
  ['{"a":[{"numeric":[">",5,"<",5]}]}', 'Bottom must be less than top'],
  ['{"a":[{"numeric":["=",1e10]}]}', 'between -5.0E9 and 5.0E9'],
  ['{"a":[{"numeric":["~",1]}]}', 'Unrecognized numeric range operator'],
  ['{"a":[{"wildcard":"b**"}]}', 'Consecutive wildcard'],
  ['{"a":[{"wildcard":"\\\\b"}]}', 'Invalid escape'],
  ['{"$or":[{"a":["b"]}]}', 'at least two objects'],
])('%s: InvalidEventPatternException', (text, reason) => {
  expect(() => parseEventPattern(text)).toThrow(
    expect.objectContaining({ code: 'InvalidEventPatternException', message: expect.stringContaining(reason) }),
  )
})

test('an operator that is not there is refused by name', () => {
  expect(() => parseEventPattern('{"a":[{"cidr":"10.0.0.0/24"}]}')).toThrow(
    expect.objectContaining({ code: 'NotImplemented', message: expect.stringContaining('cidr') }),
  )
})

test('any JSON is a pattern or an AwsError, and matching never throws', () => {
  const words = ['a', 'prefix', 'numeric', 'anything-but', 'exists', 'wildcard', '$or', '=', '*', '\\', '__proto__']
  const leaf = fc.oneof(fc.constantFrom<unknown>(...words, true, null), fc.double(), fc.string())
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('json'), { maxKeys: 3 }),
    ),
  }))
  fc.assert(
    fc.property(json, json, (pattern, event) => {
      try {
        expect(parseEventPattern(JSON.stringify(pattern))(event)).toBeTypeOf('boolean')
      } catch (error) {
        expect(error).toBeInstanceOf(AwsError)
      }
    }),
  )
})

test('an event meets the pattern that is made of its own leaves', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
  const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), leaf, { minKeys: 1 })
  fc.assert(
    fc.property(fields, (own) => {
      const pattern = Object.fromEntries(Object.entries(own).map(([name, value]) => [name, [value]]))
      expect(parseEventPattern(JSON.stringify({ detail: pattern }))({ detail: own })).toBe(true)
      expect(parseEventPattern(JSON.stringify({ detail: pattern }))({ detail: {} })).toBe(false)
    }),
  )
})
