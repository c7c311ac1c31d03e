import { randomBytes } from 'node:crypto'

/** An id of 32 characters. It carries its version's sequence, so that a listing can go on after a version that is gone. */
export function createVersionId(sequence: number): string {
  const bytes = randomBytes(24)
  bytes.writeBigUInt64BE(BigInt(sequence))
  return bytes.toString('base64url')
}

/** Undefined for `null` and for what is no version id. */
export function sequenceOfVersionId(versionId: string): number | undefined {
  const bytes = Buffer.from(versionId, 'base64url')
  return bytes.length === 24 ? Number(bytes.readBigUInt64BE()) : undefined
}
