import type { KeyObject } from 'node:crypto'
import { p256 } from '@noble/curves/nist.js'

/**
 * ECDSA on P-256 over a digest that was made elsewhere (FIPS 186-5, 6.4): node:crypto signs and verifies only what it
 * hashes itself. KMS takes signatures with a high `s` as they are.
 */
const options = { prehash: false, lowS: false, format: 'der' } as const

export function signDigest(digest: Uint8Array, privateKey: KeyObject): Uint8Array {
  return p256.sign(digest, Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'), options)
}

export function verifyDigest(digest: Uint8Array, publicKey: KeyObject, signature: Uint8Array): boolean {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  try {
    return p256.verify(signature, digest, point, options)
  } catch {
    // What is no DER signature is no valid one.
    return false
  }
}
