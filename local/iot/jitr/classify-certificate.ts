import { X509Certificate } from 'node:crypto'
import { isWithinValidity } from '../client-certificate.ts'
import { certificateIdOf } from '../registry/certificate-record.ts'
import type { CaCertificate, Registry } from '../registry/types.ts'

/** What AWS IoT does with a client's certificate at its handshake. */
type CertificateVerdict =
  | { readonly kind: 'active'; readonly certificateId: string }
  /** Known, but PENDING_ACTIVATION, and by whose authority it got there. */
  | { readonly kind: 'pending'; readonly certificateId: string; readonly caCertificateId: string }
  /** Unknown, and signed by a CA that registers its certificates just in time. */
  | { readonly kind: 'registrable'; readonly certificateId: string; readonly caCertificateId: string }
  /** Known, and not to be let in. */
  | { readonly kind: 'barred'; readonly certificateId: string; readonly reason: string }
  /** Signed by nothing that the registry knows. */
  | { readonly kind: 'unknown'; readonly reason: string }

export type CertificateClassifier = (certificate: X509Certificate, now: Date) => CertificateVerdict

/** Classifies by the registry alone: what else the client sent of its chain does not matter. */
export function createCertificateClassifier(registry: Registry): CertificateClassifier {
  const parsed = new Map<string, X509Certificate>()
  registry.changes.on('change', ({ kind, id }) => {
    if (kind === 'caCertificate') parsed.delete(id)
  })

  const issues = (ca: CaCertificate, certificate: X509Certificate, now: Date) => {
    if (ca.status !== 'ACTIVE' || ca.autoRegistrationStatus !== 'ENABLE') return false
    const authority = parsed.get(ca.certificateId) ?? new X509Certificate(ca.pem)
    parsed.set(ca.certificateId, authority)
    return (
      isWithinValidity(authority, now) && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
    )
  }

  return (certificate, now) => {
    const certificateId = certificateIdOf(certificate)
    const known = registry.certificates.get(certificateId)
    if (known) {
      // Of the record: to read the dates out of a certificate costs more than all the rest.
      const isValid = known.notBeforeMs <= now.getTime() && now.getTime() <= known.notAfterMs
      if (!isValid) return { kind: 'barred', certificateId, reason: 'it is not valid today' }
      if (known.status === 'ACTIVE') return { kind: 'active', certificateId }
      if (known.status === 'PENDING_ACTIVATION' && known.caCertificateId !== undefined) {
        return { kind: 'pending', certificateId, caCertificateId: known.caCertificateId }
      }
      return { kind: 'barred', certificateId, reason: `it is ${known.status}` }
    }
    if (!isWithinValidity(certificate, now))
      return { kind: 'unknown', reason: 'it is not registered and not valid today' }
    const issuer = registry.caCertificates.list().find(({ value }) => issues(value, certificate, now))
    if (issuer) return { kind: 'registrable', certificateId, caCertificateId: issuer.id }
    return { kind: 'unknown', reason: 'no active CA certificate with auto-registration signed it' }
  }
}
