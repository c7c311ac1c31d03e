import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { combineCrc32 } from './crc32-combine.ts'

test('is the checksum of both pieces in a row', () => {
  const piece = fc.uint8Array({ maxLength: 5000 })
  fc.assert(
    fc.property(piece, piece, (first, second) => {
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(crc32(second, crc32(first)))
    }),
  )
})
