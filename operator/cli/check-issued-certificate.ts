import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { OperatorError } from '../operator-error.ts'

/** Throws API_ANSWER_INVALID unless the certificate is for this key and thing and of the CA behind it: a device would refuse it. */
export function checkIssuedCertificate(
  { certificateId, certificatePem, chainPem, device }: CreateCertificateResponse,
  thingName: string,
  publicKey: KeyObject,
): void {
  const [certificate, issuer] = [parse(certificatePem), parse(chainPem)]
  if (!certificate.publicKey.equals(publicKey)) throw invalid('is for another key')
  if (!isFor(certificate, thingName) || device.thingName !== thingName) throw invalid(`is not for ${thingName}`)
  if (createHash('sha256').update(certificate.raw).digest('hex') !== certificateId) throw invalid('has another id')
  if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
    throw invalid('is not signed by the CA that the answer names')
  }
}

/** X509Certificate lists one attribute of the subject a line and escapes line breaks; a thing name has nothing to escape. */
export function isFor({ subject }: X509Certificate, thingName: string): boolean {
  return (
    subject
      .split('\n')
      .filter((line) => line.startsWith('CN='))
      .join() === `CN=${thingName}`
  )
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw invalid('cannot be read', cause)
  }
}

function invalid(reason: string, cause?: unknown): OperatorError {
  return new OperatorError('API_ANSWER_INVALID', `the API answered a certificate that ${reason}`, { cause })
}
