import type {
  CreateCertificateFromCsrRequest,
  CreateCertificateFromCsrResponse,
  CreateKeysAndCertificateRequest,
  CreateKeysAndCertificateResponse,
} from '@aws-sdk/client-iot'
import { createCertificateRecord } from '../registry/certificate-record.ts'
import type { Registry } from '../registry/types.ts'
import { type CertificateIssuer, generateRsaKeys, isAcceptedKey, readSigningRequest } from './certificate-issuer.ts'
import type { Checked } from './checked.ts'
import { invalidRequest } from './errors.ts'

export function createCertificateCreationOperations(registry: Registry, issuer: CertificateIssuer, clock: () => Date) {
  function keep(pem: string, setAsActive: boolean | undefined) {
    const status = setAsActive ? 'ACTIVE' : 'INACTIVE'
    const record = createCertificateRecord(pem, { status, mode: 'DEFAULT' }, clock())
    registry.certificates.put(record.certificateId, record)
    return {
      certificateArn: registry.arn.certificate(record.certificateId),
      certificateId: record.certificateId,
      certificatePem: pem,
    }
  }

  return {
    async CreateKeysAndCertificate(
      input: Checked<CreateKeysAndCertificateRequest>,
    ): Promise<CreateKeysAndCertificateResponse> {
      const { publicKey, privateKey } = await generateRsaKeys()
      const pem = await issuer.issue(publicKey, [{ CN: ['AWS IoT Certificate'] }])
      return {
        ...keep(pem, input.setAsActive),
        keyPair: {
          PublicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
          PrivateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
        },
      }
    },

    async CreateCertificateFromCsr(
      input: Checked<CreateCertificateFromCsrRequest>,
    ): Promise<CreateCertificateFromCsrResponse> {
      const request = await readSigningRequest(input.certificateSigningRequest)
      if (!request) throw invalidRequest('The certificate signing request is not valid')
      if (!isAcceptedKey(request.publicKey)) {
        throw invalidRequest(
          'The key of the certificate signing request must be RSA of 2048 bits or more, or EC P-256, P-384 or P-521',
        )
      }
      return keep(await issuer.issue(request.publicKey, request.subject), input.setAsActive)
    },
  }
}
