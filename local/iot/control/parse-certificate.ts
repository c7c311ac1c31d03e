import { X509Certificate } from 'node:crypto'
import { certificateValidation } from './errors.ts'

export function parseCertificate(pem: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw certificateValidation(`The ${what} is not a valid PEM certificate`, cause)
  }
}

export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}
