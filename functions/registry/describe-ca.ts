import { X509Certificate } from 'node:crypto'
import type { CaEntry } from '../stores/ca-store.ts'

/** What the ledger keeps of a CA certificate; `keyId` is the key in KMS, for a CA of the stack's own. */
export function describeCa(
  caCertificateId: string,
  certificatePem: string,
  keyId: string | undefined,
  now: Date,
): CaEntry {
  const { subject, validToDate } = new X509Certificate(certificatePem)
  return {
    caCertificateId,
    certificatePem,
    subject: subject.split('\n').join(', '),
    notAfter: validToDate.toISOString(),
    createdAt: now.toISOString(),
    ...(keyId === undefined ? { kind: 'foreign' } : { kind: 'fleet', keyId }),
  }
}
