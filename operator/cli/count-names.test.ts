import fc from 'fast-check'
import { expect, test } from 'vitest'
import { countNames } from './count-names.ts'

test('a run of # becomes a number of its width', () => {
  expect(countNames('meter-###-b', 3, 1)).toEqual(['meter-001-b', 'meter-002-b', 'meter-003-b'])
  expect(countNames('##', 2, 98)).toEqual(['98', '99'])
})

test('all names are different and of one length, whatever is counted', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 9_000 }), (count, first) => {
      const names = countNames('m####', count, first)
      expect(new Set(names).size).toBe(count)
      for (const name of names) expect(name).toMatch(/^m\d{4}$/)
    }),
  )
})

test('what cannot be counted is refused with the mend', () => {
  expect(() => countNames('meter', 3, 1)).toThrow('has no counter')
  expect(() => countNames('a#b#', 3, 1)).toThrow('has no counter')
  expect(() => countNames('m##', 100, 1)).toThrow('no room for 100')
})
