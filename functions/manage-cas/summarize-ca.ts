import type { CaCertificate } from '#contract/certificates-api.ts'
import type { CaEntry, SigningCa } from '../stores/ca-store.ts'

/** A CA as operators see it. */
export function summarizeCa(entry: CaEntry, signing: SigningCa): CaCertificate {
  const { caCertificateId, kind, subject, notAfter, createdAt, retiredAt } = entry
  const inUse = signing.caCertificateId === caCertificateId ? 'signing' : 'active'
  return { caCertificateId, kind, subject, notAfter, createdAt, state: retiredAt === undefined ? inUse : 'retired' }
}
