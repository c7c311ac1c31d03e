import { type KeyObject, X509Certificate } from 'node:crypto'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { DeviceFault } from './device-fault.ts'

/** Throws ANSWER_INVALID unless the certificate is for our key and our name, and the chain behind it holds up to its root. */
export function checkIssuedCertificate(
  answer: CreateCertificateResponse,
  thingName: string,
  privateKey: KeyObject,
): void {
  const [leaf, ...chain] = [...parseCertificates(answer.certificatePem), ...parseCertificates(answer.chainPem)]
  if (leaf === undefined || chain.length === 0) throw invalid('the answer lacks the certificate or its chain')
  if (!leaf.checkPrivateKey(privateKey)) throw invalid('the certificate is for another key')
  // X509Certificate lists one attribute a line and escapes line breaks; a thing name has nothing to escape.
  if (
    leaf.subject
      .split('\n')
      .filter((line) => line.startsWith('CN='))
      .join() !== `CN=${thingName}`
  ) {
    throw invalid(`the certificate is not for ${thingName}`)
  }
  if (answer.device.thingName !== thingName) throw invalid(`the configuration is not for ${thingName}`)
  if (certificateIdOf(leaf) !== answer.certificateId) {
    throw invalid('the certificate has another id than the answer says')
  }
  let certificate = leaf
  for (const issuer of chain) {
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      throw invalid('the chain does not hold: a certificate is not signed by the next one')
    }
    certificate = issuer
  }
}

/** As AWS IoT names a certificate: the SHA-256 of its DER, in lower-case hex. */
export function certificateIdOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase()
}

/** The certificate and what is behind it, as one PEM file. */
export function formatChain({ certificatePem, chainPem }: CreateCertificateResponse): string {
  return `${certificatePem.trim()}\n${chainPem.trim()}\n`
}

function parseCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  try {
    return blocks.map((block) => new X509Certificate(block))
  } catch (error) {
    throw invalid('the answer holds something that is no certificate', error)
  }
}

function invalid(message: string, cause?: unknown): DeviceFault {
  return new DeviceFault('ANSWER_INVALID', message, { cause })
}
