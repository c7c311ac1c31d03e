import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesGlob } from './match-glob.ts'

const piece = fc.constantFrom('a', 'b', '-', '*', '?')

test('a pattern fits what the regular expression of the same meaning fits', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.stringMatching(/^[ab-]{0,16}$/), (pieces, text) => {
      const expression = pieces.map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part)).join('')
      expect(matchesGlob(pieces.join(''), text)).toBe(new RegExp(`^${expression}$`).test(text))
    }),
    { numRuns: 2000 },
  )
})

test('a pattern on which backtracking would not end is answered', () => {
  expect(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(128))).toBe(false)
})
