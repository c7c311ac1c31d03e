import { randomBytes, randomUUID, type X509Certificate } from 'node:crypto'
import type {
  GetRegistrationCodeResponse,
  RegisterCACertificateRequest,
  RegisterCACertificateResponse,
} from '@aws-sdk/client-iot'
import { AwsError, notImplemented } from '#local/service.ts'
import { certificateIdOf } from '../registry/certificate-record.ts'
import type { Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, certificateValidation, invalidRequest, limitExceeded } from './errors.ts'
import { isIssuedBy, parseCertificate } from './parse-certificate.ts'
import { addTags } from './tag-set.ts'

/** CA certificates with one subject: AWS IoT Core quotas. */
const maxOfOneSubject = 10
const registrationCode = 'registrationCode'

export function createCaRegistrationOperations(registry: Registry, clock: () => Date) {
  const { caCertificates, settings, arn } = registry

  function checkCa(ca: X509Certificate): void {
    const now = clock()
    if (!ca.ca) throw certificateValidation('The CA certificate must have basicConstraints with CA:TRUE')
    if (now < ca.validFromDate || now > ca.validToDate) {
      throw certificateValidation('The CA certificate is expired or not yet valid')
    }
    if (caCertificates.list().filter(({ value }) => value.subject === ca.subject).length >= maxOfOneSubject) {
      throw limitExceeded(`At most ${maxOfOneSubject} CA certificates can have the same subject field`)
    }
  }

  /** Whoever registers a CA proves that they hold its key: they sign a certificate that names the registration code. */
  function checkPossession(ca: X509Certificate, verificationPem: string | undefined): void {
    if (verificationPem === undefined) {
      throw invalidRequest('verificationCertificate must not be empty if certificateMode is DEFAULT')
    }
    const verification = parseCertificate(verificationPem, 'verification certificate')
    if (!isIssuedBy(verification, ca)) {
      throw certificateValidation('The verification certificate is not signed by the CA certificate')
    }
    if (verification.toLegacyObject().subject.CN !== settings.get(registrationCode)) {
      throw new AwsError(
        'RegistrationCodeValidationException',
        'The common name of the verification certificate is not the registration code',
      )
    }
  }

  return {
    /** One code for the account until it is deleted. */
    GetRegistrationCode(): GetRegistrationCodeResponse {
      settings.create(registrationCode, randomBytes(32).toString('hex'))
      return { registrationCode: settings.get(registrationCode) }
    },

    DeleteRegistrationCode(): void {
      settings.delete(registrationCode)
    },

    RegisterCACertificate(input: Checked<RegisterCACertificateRequest>): RegisterCACertificateResponse {
      if (input.registrationConfig !== undefined) throw notImplemented('RegisterCACertificate with registrationConfig')
      const { certificateMode: mode = 'DEFAULT', verificationCertificate } = input
      const ca = parseCertificate(input.caCertificate, 'CA certificate')
      const certificateId = certificateIdOf(ca)
      const certificateArn = arn.caCertificate(certificateId)
      if (caCertificates.get(certificateId)) {
        throw alreadyExists('The CA certificate is already registered', certificateId, certificateArn)
      }
      checkCa(ca)
      if (mode === 'DEFAULT') checkPossession(ca, verificationCertificate)
      else if (verificationCertificate !== undefined) {
        throw invalidRequest('verificationCertificate must be empty if certificateMode is SNI_ONLY')
      }
      registry.transaction(() => {
        caCertificates.put(certificateId, {
          certificateId,
          pem: ca.toString(),
          status: input.setAsActive ? 'ACTIVE' : 'INACTIVE',
          mode,
          autoRegistrationStatus: input.allowAutoRegistration ? 'ENABLE' : 'DISABLE',
          subject: ca.subject,
          notBeforeMs: ca.validFromDate.getTime(),
          notAfterMs: ca.validToDate.getTime(),
          createdAtMs: clock().getTime(),
          modifiedAtMs: clock().getTime(),
          customerVersion: 1,
          generationId: randomUUID(),
        })
        addTags(registry, certificateArn, input.tags)
      })
      return { certificateArn, certificateId }
    },
  }
}
