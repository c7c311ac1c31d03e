import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseDuration } from './parse-duration.ts'
import { parseTime } from './parse-time.ts'

const seconds = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const
const parts = fc.tuple(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom('s', 'm', 'h', 'd', 'w'))

test('a duration is the sum of its parts', () => {
  fc.assert(
    fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (durations) => {
      const total = durations.reduce((sum, [count, unit]) => sum + count * seconds[unit], 0)
      expect(parseDuration(durations.map(([count, unit]) => `${count}${unit}`).join(''))).toBe(total)
    }),
  )
})

test('anything else is refused', () => {
  for (const text of ['', '1', 'h', '0s', '-1h', '1 h', '1.5h', '1H', '1y', '2h ', '1e3s']) {
    expect(() => parseDuration(text), text).toThrow('Give a number and a unit')
  }
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/^(\d+[smhdw])+$/.test(text)),
      (text) => {
        expect(() => parseDuration(text)).toThrow('Give a number and a unit')
      },
    ),
  )
})

test('a time is taken with its offset, whatever zone this machine is in', () => {
  expect(parseTime('2026-03-01')).toBe('2026-03-01T00:00:00.000Z')
  expect(parseTime('2026-03-01T08:30+02:00')).toBe('2026-03-01T06:30:00.000Z')
  expect(parseTime('2026-03-01T23:59:59.5-01:00')).toBe('2026-03-02T00:59:59.500Z')
  fc.assert(
    fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(parseTime(date.toISOString())).toBe(date.toISOString())
    }),
  )
})

test('a time without an offset, or that no calendar has, is refused', () => {
  for (const text of ['2026-03-01T08:30', '2026-02-30', '2026-13-01', '2026-03-01T25:00Z', '1 March 2026', '0', '']) {
    expect(() => parseTime(text), text).toThrow('Give a UTC date')
  }
})
