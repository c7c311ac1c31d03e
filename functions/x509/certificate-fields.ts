import { createHash, randomBytes } from 'node:crypto'

/** AWS IoT's id of a certificate: lower-case hex SHA-256 of its DER. */
export function certificateIdOf(der: ArrayBuffer): string {
  return createHash('sha256').update(new Uint8Array(der)).digest('hex')
}

/** Hex SHA-256 of a key's SubjectPublicKeyInfo. */
export function hashPublicKey(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex')
}

/** The leftmost 160 bits of a SHA-256, as RFC 7093 allows, here of the whole SubjectPublicKeyInfo; hex. */
export function keyIdentifierOf(spki: Uint8Array): string {
  return hashPublicKey(spki).slice(0, 40)
}

/** 126 random bits in 16 bytes: positive and without a leading zero (RFC 5280, 4.1.2.2); hex. */
export function createSerialNumber(): string {
  const bytes = randomBytes(16)
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0)
  return bytes.toString('hex')
}
