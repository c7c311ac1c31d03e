import type { X509Certificate } from 'node:crypto'
import type {
  CertificateStatus,
  RegisterCertificateRequest,
  RegisterCertificateResponse,
  RegisterCertificateWithoutCARequest,
  RegisterCertificateWithoutCAResponse,
} from '@aws-sdk/client-iot'
import { AwsError } from '#local/service.ts'
import { certificateIdOf, createCertificateRecord } from '../registry/certificate-record.ts'
import type { CaCertificate, Certificate, Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, certificateState, certificateValidation, invalidRequest } from './errors.ts'
import { isIssuedBy, parseCertificate } from './parse-certificate.ts'

const registrableStatuses: readonly CertificateStatus[] = ['ACTIVE', 'INACTIVE', 'REVOKED']

export function createCertificateRegistrationOperations(registry: Registry, clock: () => Date) {
  function register(certificate: X509Certificate, state: Pick<Certificate, 'status' | 'mode' | 'caCertificateId'>) {
    const record = createCertificateRecord(certificate.toString(), state, clock())
    const { certificateId } = record
    const certificateArn = registry.arn.certificate(certificateId)
    if (!registry.certificates.create(certificateId, record)) {
      throw alreadyExists('The certificate is already provisioned or registered', certificateId, certificateArn)
    }
    return { certificateArn, certificateId }
  }

  /** The CA that signed the certificate, among those registered and, if it is told, only the one told. */
  function findIssuer(certificate: X509Certificate, caPem: string | undefined): CaCertificate {
    const toldId = caPem === undefined ? undefined : certificateIdOf(parseCertificate(caPem, 'CA certificate'))
    const issuers = registry.caCertificates
      .list()
      .map(({ value }) => value)
      .filter((ca) => toldId === undefined || ca.certificateId === toldId)
      .filter((ca) => isIssuedBy(certificate, parseCertificate(ca.pem, 'registered CA certificate')))
    const [issuer] = issuers
    if (!issuer) throw certificateValidation('The certificate is not signed by a registered CA certificate')
    if (issuers.length > 1) {
      throw new AwsError(
        'CertificateConflictException',
        'More than one registered CA certificate has the same subject field and public key',
        409,
      )
    }
    if (issuer.status !== 'ACTIVE') throw certificateState('The CA certificate is not active.', issuer.certificateId)
    return issuer
  }

  return {
    RegisterCertificate(input: Checked<RegisterCertificateRequest>): RegisterCertificateResponse {
      const certificate = parseCertificate(input.certificatePem, 'certificate')
      const status = readStatus(input.status ?? (input.setAsActive ? 'ACTIVE' : 'INACTIVE'))
      const issuer = findIssuer(certificate, input.caCertificatePem)
      return register(certificate, { status, mode: issuer.mode, caCertificateId: issuer.certificateId })
    },

    RegisterCertificateWithoutCA(
      input: Checked<RegisterCertificateWithoutCARequest>,
    ): RegisterCertificateWithoutCAResponse {
      const certificate = parseCertificate(input.certificatePem, 'certificate')
      return register(certificate, { status: readStatus(input.status ?? 'INACTIVE'), mode: 'SNI_ONLY' })
    },
  }
}

function readStatus(status: CertificateStatus): CertificateStatus {
  if (!registrableStatuses.includes(status)) throw invalidRequest(`A certificate cannot be registered as ${status}`)
  return status
}
