import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatObjectKey, parseObjectKey, thingOfKey, thingPrefix } from './object-key.ts'
import { thingNamePattern } from './thing-name.ts'

const thingName = fc.stringMatching(thingNamePattern)
const uploadId = fc.stringMatching(/^[0-9a-f]{16}$/)
const day = fc
  .date({ min: new Date('2000-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))
const name = fc
  .string({ minLength: 1, maxLength: 200, unit: 'binary' })
  .filter((text) => !/[/\0]/.test(text) && Buffer.byteLength(text) < 700)

test('a key gives back what it was made of, and lies below its own thing', () => {
  fc.assert(
    fc.property(fc.record({ thingName, day, uploadId, name }), (parts) => {
      const key = formatObjectKey(parts)
      expect(parseObjectKey(key)).toEqual(parts)
      expect(thingOfKey(key)).toBe(parts.thingName)
      expect(key.startsWith(thingPrefix(parts.thingName))).toBe(true)
    }),
  )
})

test.each(['a/b', '', 'x\0y', 'n'.repeat(1024)])('%j is refused as a file name', (bad) => {
  const parts = { thingName: 'press-7', day: '2026-01-31', uploadId: '0123456789abcdef', name: bad }
  expect(() => formatObjectKey(parts)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }))
})

test.each(['', '..', 'a/b', 'press 7', 'a*', 'a$b', 'x'.repeat(129), 'bücher'])('%j has no prefix', (bad) => {
  expect(() => thingPrefix(bad)).toThrow(expect.objectContaining({ code: 'THING_NAME_INVALID' }))
})

test.each([
  'readme.txt',
  'things/',
  'things/press-7',
  'things/../x',
  'Things/press-7/x',
  '/things/press-7/x',
  'things//x',
])('the key %j is under no thing', (key) => {
  expect(thingOfKey(key)).toBeUndefined()
})
