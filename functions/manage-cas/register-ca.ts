import { X509Certificate } from 'node:crypto'
import {
  CertificateValidationException,
  InvalidRequestException,
  RegistrationCodeValidationException,
} from '@aws-sdk/client-iot'
import type { CaCertificate, RegisterCaCertificateRequest } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import { describeCa } from '../registry/describe-ca.ts'
import type { CaManagement } from './ca-management.ts'
import { summarizeCa } from './summarize-ca.ts'

/**
 * Registers a CA whose key someone else holds. Which of its certificates may register is said by the registration rules.
 * May be repeated. Throws CA_MALFORMED, CA_REFUSED.
 */
export async function registerCa(
  { store, registry, clock }: CaManagement,
  { certificatePem, verificationCertificatePem }: RegisterCaCertificateRequest,
): Promise<CaCertificate> {
  const now = clock()
  checkCa(certificatePem, now)
  const caCertificateId = await refusals(registry.register(certificatePem, verificationCertificatePem))
  const entry = describeCa(caCertificateId, certificatePem, undefined, now)
  await store.add(entry)
  return summarizeCa((await store.find(caCertificateId)) ?? entry, await store.getSigning())
}

function checkCa(pem: string, now: Date): void {
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(pem)
  } catch (cause) {
    throw new Fault('CA_MALFORMED', 'that is no certificate', { cause, hint: 'give the CA certificate as PEM' })
  }
  if (!certificate.ca) {
    throw new Fault('CA_MALFORMED', 'the certificate is not of a CA', {
      hint: 'it needs the basic constraint CA:TRUE: give the certificate that signs, not one that was signed',
    })
  }
  if (certificate.validToDate <= now) {
    throw new Fault('CA_MALFORMED', `the CA certificate ended at ${certificate.validToDate.toISOString()}`, {
      hint: 'renew the CA first',
    })
  }
}

async function refusals<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    const isRefusal =
      error instanceof RegistrationCodeValidationException ||
      error instanceof CertificateValidationException ||
      error instanceof InvalidRequestException
    if (!isRefusal) throw error
    throw new Fault('CA_REFUSED', `AWS IoT does not take the CA: ${error.message}`, {
      cause: error,
      hint: 'the verification certificate is signed by the CA and has the registration code as its common name: thingdrop ca registration-code',
    })
  }
}
