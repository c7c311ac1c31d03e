import { randomUUID, X509Certificate } from 'node:crypto'
import type { CertificateMode, CertificateStatus } from '@aws-sdk/client-iot'
import type { Certificate } from './types.ts'

/** Lower-case hex SHA-256 of the certificate's DER: what AWS IoT calls certificateId. */
export function certificateIdOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase()
}

export function createCertificateRecord(
  pem: string,
  state: { status: CertificateStatus; mode: CertificateMode; caCertificateId?: string | undefined },
  now: Date,
): Certificate {
  const certificate = new X509Certificate(pem)
  return {
    certificateId: certificateIdOf(certificate),
    pem,
    status: state.status,
    mode: state.mode,
    ...(state.caCertificateId !== undefined && { caCertificateId: state.caCertificateId }),
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    createdAtMs: now.getTime(),
    modifiedAtMs: now.getTime(),
    customerVersion: 1,
    generationId: randomUUID(),
  }
}
