import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeFileName } from './safe-file-name.ts'

test('names that people give stay, and those that do harm do not', () => {
  const names = {
    'load 1.csv': 'load 1.csv',
    'données-été.tar.gz': 'données-été.tar.gz',
    '温度.csv': '温度.csv',
    '.bashrc': '_bashrc',
    '-rf': '_rf',
    '~': '_',
    '..': '__',
    '..\\..\\evil.exe': '_._.._evil.exe',
    'C:load.csv': 'C_load.csv',
    'nul.csv': '_nul.csv',
    'a\u001b[2Jb.csv': 'ab.csv',
    'gpj\u202e.exe': 'gpj.exe',
    '\u0007': '_',
    'load. ': 'load._',
  }
  for (const [name, safe] of Object.entries(names)) expect({ name, safe: safeFileName(name) }).toEqual({ name, safe })
})

test('any name is one of a file in this folder, and its own safe name', () => {
  const unit = fc.oneof(
    fc.constantFrom('.', '/', '\\', '-', ' ', '\u0000', '\u001b[2J', 'CON', '.csv', '漢', '👩‍🔧'),
    fc.integer({ min: 0, max: 0x10ffff }).map((point) => String.fromCodePoint(point)),
  )
  fc.assert(
    fc.property(fc.oneof(fc.array(unit), fc.array(unit, { minLength: 120, maxLength: 300 })), (parts) => {
      const safe = safeFileName(parts.join(''))
      expect(safe).not.toMatch(/[/\\\p{Cc}]|^[.\-~\s]|[. ]$|^$/u)
      expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(255)
      expect(safeFileName(safe)).toBe(safe)
    }),
  )
})

test('a long name gives way before its extension', () => {
  const safe = safeFileName(`${'漢'.repeat(200)}.csv`)
  expect(safe).toBe(`${'漢'.repeat(83)}.csv`)
})
