import { expect, test } from 'vitest'
import { formatCursor, parseCursor } from './cursor.ts'

const pattern = /^[a-z]{3}$/

test('a cursor gives back its position, and none gives none', () => {
  expect(parseCursor(formatCursor('abc'), pattern)).toBe('abc')
  expect(parseCursor(undefined, pattern)).toBeUndefined()
})

test.each(['', '!!', formatCursor('abcd'), 'abc'])('%j is refused', (cursor) => {
  expect(() => parseCursor(cursor, pattern)).toThrow(expect.objectContaining({ code: 'CURSOR_INVALID' }))
})
