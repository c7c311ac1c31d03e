import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatSafeJson, terminalSafe } from './terminal-safe.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b',
      '\u009b',
      '[',
      ']',
      '31m',
      '2J',
      '0;',
      '\u0007',
      '\u202e',
      '\u2069',
      '\r',
      '\n',
      '\u0000',
      '\ud800',
      '\u007f',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
  ),
})

test('nothing that moves, colours, reorders or breaks a line comes through', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const safe = terminalSafe(text)
      expect(safe).not.toMatch(controls)
      expect(terminalSafe(safe)).toBe(safe)
    }),
  )
})

test('text that people write stays as it is', () => {
  for (const text of ['things/press-1/a b.csv', 'données-été.csv', '温度.csv', '👩‍🔧 ok', 'שלום'])
    expect(terminalSafe(text)).toBe(text)
  expect(terminalSafe('\u001b[31mred\u001b[0m \u001b]0;title\u0007end')).toBe('red end')
})

test('safe JSON is the same value', () => {
  fc.assert(
    fc.property(fc.record({ key: hostile, nested: fc.array(hostile) }), (value) => {
      const json = formatSafeJson(value)
      expect(json).not.toMatch(controls)
      expect(JSON.parse(json)).toEqual(value)
    }),
  )
})
