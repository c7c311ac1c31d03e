import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatBytes } from './format-bytes.ts'

test('sizes as people read them', () => {
  const sizes = [0, 1023, 1024, 1536, 10_188, 10_240, 1_048_064, 1_048_576, 5 * 1024 ** 3, 3 * 1024 ** 5]
  expect(sizes.map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '9.9 KiB',
    '10 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '5.0 GiB',
    '3072 TiB',
  ])
})

test('never more than four digits below the largest unit, and within 6 % of the truth', () => {
  const factors: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1024 ** 4 }), (bytes) => {
      const [number = '', unit = ''] = formatBytes(bytes).split(' ')
      expect(number.length).toBeLessThanOrEqual(4)
      expect(Math.abs((Number(number) * (factors[unit] ?? 0)) / bytes - 1)).toBeLessThan(0.06)
    }),
  )
})
