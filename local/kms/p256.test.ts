import { generateKeyPairSync, hash, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { signDigest, verifyDigest } from './p256.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })

test('signatures of a digest and of a message are each other’s', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (message) => {
      const digest = hash('sha256', message, 'buffer')
      expect(verify('sha256', message, publicKey, signDigest(digest, privateKey))).toBe(true)
      expect(verifyDigest(digest, publicKey, sign('sha256', message, privateKey))).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('a changed signature, another digest and another key are refused', () => {
  const digest = hash('sha256', 'message', 'buffer')
  const signature = signDigest(digest, privateKey)
  fc.assert(
    fc.property(fc.nat(signature.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
      const changed = Buffer.from(signature)
      changed[index] = (changed[index] ?? 0) ^ mask
      expect(verifyDigest(digest, publicKey, changed)).toBe(false)
    }),
    { numRuns: 30 },
  )
  expect(verifyDigest(hash('sha256', 'other', 'buffer'), publicKey, signature)).toBe(false)
  expect(verifyDigest(digest, generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey, signature)).toBe(false)
})

test('octets that are no signature are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
      expect(verifyDigest(hash('sha256', 'message', 'buffer'), publicKey, octets)).toBe(false)
    }),
  )
})
