import { expect, test } from 'vitest'
import { parseBandwidth } from './parse-bandwidth.ts'
import { parseSize } from './parse-size.ts'

/** In November 2026 the 22nd is a Sunday. */
const at = (day: number, hours: number, minutes = 0) => new Date(2026, 10, 22 + day, hours, minutes)

test('reads a rate, and none', () => {
  expect(parseBandwidth('512k')(at(0, 0))).toBe(512_000)
  expect(parseBandwidth('off')(at(0, 0))).toBeUndefined()
  expect(parseBandwidth(undefined)(at(0, 0))).toBeUndefined()
})

test('goes by the time of the day, over midnight too', () => {
  const limit = parseBandwidth('08:00,512k 12:30,1M 18:00,off')
  expect([7, 8, 12, 13, 18, 23].map((hours) => limit(at(3, hours)))).toEqual([
    undefined,
    512_000,
    512_000,
    1_000_000,
    undefined,
    undefined,
  ])
})

test('goes by the day of the week, from one week to the next', () => {
  const limit = parseBandwidth('Mon-08:00,100k Fri-17:00,off')
  expect([at(0, 12), at(1, 7, 59), at(1, 8), at(4, 12), at(5, 17), at(6, 0)].map(limit)).toEqual([
    undefined,
    undefined,
    100_000,
    100_000,
    undefined,
    undefined,
  ])
})

test.each(['fast', '0', '999', '25:00,1M', '08:00', '08:60,1M', 'Foo-08:00,1M', '08:00,1M fast'])(
  'refuses %j',
  (text) => {
    expect(() => parseBandwidth(text)).toThrow('--bwlimit takes bytes per second')
  },
)

test.each([
  ['0', 0],
  ['1500', 1500],
  ['1.5k', 1500],
  ['2KiB', 2048],
  ['2 MB', 2_000_000],
  ['10Gi', 10 * 1024 ** 3],
  ['1i', undefined],
  ['-1', undefined],
  ['', undefined],
  ['9999999T', undefined],
])('reads the size %j as %s', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})
