import { createECDH, type KeyObject, randomBytes } from 'node:crypto'

/**
 * ECDSA on P-256 over a digest that was made elsewhere (FIPS 186-5, 6.4): node:crypto signs and verifies only what it
 * hashes itself. BigInt arithmetic isn't constant-time; the keys of the embedded cloud protect nothing but itself.
 */

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const A = P - 3n
const G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
}

interface Point {
  readonly x: bigint
  readonly y: bigint
}

interface Signature {
  readonly r: bigint
  readonly s: bigint
}

export function signDigest(digest: Uint8Array, privateKey: KeyObject): Buffer {
  const d = toBigInt(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'))
  const z = toBigInt(digest)
  while (true) {
    const nonce = randomBytes(32)
    const k = toBigInt(nonce)
    if (k === 0n || k >= N) continue
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(nonce)
    const r = toBigInt(ecdh.getPublicKey().subarray(1, 33)) % N
    const s = modulo(invert(k, N) * (z + r * d), N)
    if (r !== 0n && s !== 0n) return encodeSignature({ r, s })
  }
}

export function verifyDigest(digest: Uint8Array, publicKey: KeyObject, encoded: Uint8Array): boolean {
  const signature = decodeSignature(encoded)
  if (!signature) return false
  const { r, s } = signature
  if (r <= 0n || r >= N || s <= 0n || s >= N) return false
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const key = { x: toBigInt(Buffer.from(x, 'base64url')), y: toBigInt(Buffer.from(y, 'base64url')) }
  const w = invert(s, N)
  const sum = add(multiply(modulo(toBigInt(digest) * w, N), G), multiply(modulo(r * w, N), key))
  return sum !== undefined && sum.x % N === r
}

/** The point at infinity is undefined. */
function add(a: Point | undefined, b: Point | undefined): Point | undefined {
  if (!a || !b) return a ?? b
  if (a.x === b.x && modulo(a.y + b.y, P) === 0n) return undefined
  const slope = a.x === b.x ? (3n * a.x * a.x + A) * invert(2n * a.y, P) : (b.y - a.y) * invert(b.x - a.x, P)
  const x = modulo(slope * slope - a.x - b.x, P)
  return { x, y: modulo(slope * (a.x - x) - a.y, P) }
}

function multiply(factor: bigint, point: Point): Point | undefined {
  let result: Point | undefined
  let doubled: Point | undefined = point
  for (let rest = factor; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = add(result, doubled)
    doubled = add(doubled, doubled)
  }
  return result
}

function invert(value: bigint, modulus: bigint): bigint {
  let [a, b] = [modulo(value, modulus), modulus]
  let [x, y] = [1n, 0n]
  while (b !== 0n) {
    const quotient = a / b
    ;[a, b] = [b, a - quotient * b]
    ;[x, y] = [y, x - quotient * y]
  }
  return modulo(x, modulus)
}

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus
  return rest < 0n ? rest + modulus : rest
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`)
}

/** DER: SEQUENCE { INTEGER r, INTEGER s }. Both fit the short form of a length. */
function encodeSignature({ r, s }: Signature): Buffer {
  const body = Buffer.concat([encodeInteger(r), encodeInteger(s)])
  return Buffer.concat([Buffer.from([0x30, body.length]), body])
}

function encodeInteger(value: bigint): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const padding = (bytes[0] ?? 0) >= 0x80 ? [0] : []
  return Buffer.from([0x02, bytes.length + padding.length, ...padding, ...bytes])
}

function decodeSignature(encoded: Uint8Array): Signature | undefined {
  const der = Buffer.from(encoded)
  const rLength = der[3] ?? 0
  const sLength = der[5 + rLength] ?? 0
  if (rLength > 33 || sLength > 33 || der.length !== 6 + rLength + sLength) return undefined
  const signature = { r: toBigInt(der.subarray(4, 4 + rLength)), s: toBigInt(der.subarray(6 + rLength)) }
  // Only the one canonical encoding is taken.
  return encodeSignature(signature).equals(der) ? signature : undefined
}
