import fc from 'fast-check'
import { expect, test } from 'vitest'
import { generateName } from './generate-name.ts'

test('names are made of stack, logical id and suffix', () => {
  expect(generateName('Stack', 'Queue', 'ABC', 80)).toBe('Stack-Queue-ABC')
  expect(generateName('A'.repeat(50), 'B'.repeat(50), 'C'.repeat(12), 64)).toBe(
    `${'A'.repeat(25)}-${'B'.repeat(25)}-${'C'.repeat(12)}`,
  )
  expect(generateName('A'.repeat(50), 'B', 'C'.repeat(12), 64)).toBe(`${'A'.repeat(49)}-B-${'C'.repeat(12)}`)
})

test('no name is too long, and none loses its suffix', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9]{1,80}$/)
  fc.assert(
    fc.property(word, word, fc.integer({ min: 24, max: 128 }), (stack, logicalId, maxLength) => {
      const name = generateName(stack, logicalId, 'SUFFIX123456', maxLength)
      expect(name.length).toBeLessThanOrEqual(maxLength)
      expect(name.endsWith('-SUFFIX123456')).toBe(true)
    }),
  )
})
