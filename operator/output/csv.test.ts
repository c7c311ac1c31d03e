import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatCsvRecord } from './csv.ts'

/** Reads one RFC 4180 record, written for this test alone. */
function readRecord(record: string): string[] {
  const cells = [...`,${record.slice(0, -2)}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^,"\r\n]*))/g)]
  return cells.map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '')
}

const dangerous = /^[=+\-@\t\r\n＝＋－＠]/
const cells = fc.string({
  unit: fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', '"', ',', ';', ' ', "'", 'a', '＝', 'é', '漢'),
})

test('a record reads back as it was, and no cell is a formula', () => {
  fc.assert(
    fc.property(fc.array(cells, { minLength: 2, maxLength: 5 }), (row) => {
      const record = formatCsvRecord(row)
      expect(record.endsWith('\r\n')).toBe(true)
      const read = readRecord(record)
      expect(read).toEqual(row.map((cell) => (dangerous.test(cell) ? `'${cell}` : cell)))
      for (const cell of read) expect(cell).not.toMatch(dangerous)
    }),
  )
})

test('what is quoted is quoted whole, and nothing else splits a record for a reader of another locale', () => {
  fc.assert(
    fc.property(cells, cells, (one, other) => {
      const record = formatCsvRecord([one, other]).slice(0, -2)
      const outsideOfQuotes = record.replace(/"(?:[^"]|"")*"/g, '')
      expect(outsideOfQuotes).not.toMatch(/["\t\r\n;]/)
      expect(outsideOfQuotes.split(',')).toHaveLength(2)
    }),
  )
})

test('numbers, objects and what is absent', () => {
  expect(formatCsvRecord([-5, undefined, '', { a: 'x' }])).toBe('-5,,,"{""a"":""x""}"\r\n')
})
