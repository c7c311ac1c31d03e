import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { displayWidth, fitWidth } from './display-width.ts'
import { createTableFormatter } from './table.ts'

interface Row {
  readonly name: string
  readonly size: string
}

const columns = [
  { heading: 'NAME', cell: ({ name }: Row) => name, paint: (cell: string) => `<${cell}>` },
  { heading: 'SIZE', cell: ({ size }: Row) => size, align: 'right' as const },
]
const text = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    fc.constantFrom('漢', '👩‍🔧', 'é', '\n', '\u001b[1m'),
  ),
})

test('columns stand under their headings, page after page', () => {
  const format = createTableFormatter(columns, { maxWidth: undefined, colours: false })
  expect(format([{ name: 'a-long-name', size: '1 B' }])).toBe('NAME         SIZE\na-long-name   1 B\n')
  expect(format([{ name: 'b', size: '20 MiB' }])).toBe('b            20 MiB\n')
})

test('colours do not shift a column', () => {
  const format = createTableFormatter(columns, { maxWidth: 80, colours: true })
  expect(format([{ name: 'a', size: '1 B' }])).toBe('NAME  SIZE\n<a   >   1 B\n')
})

test('a fixed column is never shortened', () => {
  const fixed = columns.map((column, index) => (index === 0 ? { ...column, isFixed: true as const } : column))
  const format = createTableFormatter(fixed, { maxWidth: 20, colours: false })
  expect(format([{ name: '2026-03-01', size: 'a-very-long-text' }])).toBe(
    'NAME            SIZE\n2026-03-01  a-ve…ext\n',
  )
})

test('any rows fit any terminal that has room for the smallest columns, one line each', () => {
  const rows = fc.array(fc.record({ name: text, size: text }), { maxLength: 5 })
  fc.assert(
    fc.property(rows, rows, fc.integer({ min: 14, max: 120 }), (first, second, maxWidth) => {
      const format = createTableFormatter(columns, { maxWidth, colours: false })
      const lines = (format(first) + format(second)).split('\n')
      expect(lines).toHaveLength(first.length + second.length + 2)
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(maxWidth)
    }),
  )
})

describe('fitWidth', () => {
  test('keeps both ends', () => {
    expect(fitWidth('things/press-1/2026-03-01/0123-load.csv', 21)).toBe('things/pre…3-load.csv')
    expect(fitWidth('漢字漢字漢字', 5)).toBe('漢…字')
  })

  test('never takes more cells than it may, and changes nothing that fits', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (value, width) => {
        const fitted = fitWidth(value, width)
        expect(displayWidth(fitted)).toBeLessThanOrEqual(width)
        if (displayWidth(value) <= width) expect(fitted).toBe(value)
      }),
    )
  })
})
