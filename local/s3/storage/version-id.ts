import { randomUUID } from 'node:crypto'

/** An id of 32 characters. It carries its version's sequence, so that a listing can go on after a version that is gone. */
export function createVersionId(sequence: number): string {
  // Node draws randomUUID from a pool: a tenth of the cost of randomBytes.
  const hex = sequence.toString(16).padStart(16, '0') + randomUUID().replaceAll('-', '')
  return Buffer.from(hex, 'hex').toString('base64url')
}

export function isVersionId(text: string): boolean {
  return text === 'null' || sequenceOfVersionId(text) !== undefined
}

/** Undefined for `null` and for what is no version id. */
export function sequenceOfVersionId(versionId: string): number | undefined {
  const bytes = Buffer.from(versionId, 'base64url')
  return bytes.length === 24 ? Number(bytes.readBigUInt64BE()) : undefined
}
