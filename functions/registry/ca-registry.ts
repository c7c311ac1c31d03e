import { X509Certificate } from 'node:crypto'
import {
  type CertificateStatus,
  DescribeEndpointCommand,
  GetRegistrationCodeCommand,
  type IoTClient,
  ListCertificatesByCACommand,
  RegisterCACertificateCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot'
import { certificateIdOf } from '../x509/certificate-fields.ts'

interface RegisteredCertificate {
  readonly certificateId: string
  readonly status: CertificateStatus | undefined
  readonly createdAt: Date | undefined
}

/** The CAs' place in AWS IoT. Every call may be repeated. */
export function createCaRegistry(iot: IoTClient) {
  async function findEndpoint(endpointType: 'iot:Data-ATS' | 'iot:CredentialProvider'): Promise<string> {
    const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType }))
    if (endpointAddress === undefined) throw new Error(`AWS IoT names no ${endpointType} endpoint`)
    return endpointAddress
  }

  return {
    /**
     * Registers a CA certificate, active and with auto-registration, and gives its id. The verification certificate
     * proves that the caller holds the CA's key; without it the CA works for clients that send SNI alone, which AWS IoT
     * asks of every client anyway.
     */
    async register(certificatePem: string, verificationCertificatePem?: string): Promise<string> {
      const certificateId = certificateIdOf(new Uint8Array(new X509Certificate(certificatePem).raw).buffer)
      try {
        await iot.send(
          new RegisterCACertificateCommand({
            caCertificate: certificatePem,
            ...(verificationCertificatePem === undefined
              ? { certificateMode: 'SNI_ONLY' }
              : { verificationCertificate: verificationCertificatePem }),
            setAsActive: true,
            allowAutoRegistration: true,
          }),
        )
      } catch (error) {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error
        await iot.send(
          new UpdateCACertificateCommand({ certificateId, newStatus: 'ACTIVE', newAutoRegistrationStatus: 'ENABLE' }),
        )
      }
      return certificateId
    },

    /** What the common name of a verification certificate must be. */
    async readRegistrationCode(): Promise<string> {
      const { registrationCode = '' } = await iot.send(new GetRegistrationCodeCommand({}))
      return registrationCode
    },

    /** A page of a CA's certificates that AWS IoT knows, the newest first, with AWS IoT's status. */
    async listCertificates(
      caCertificateId: string,
      marker?: string,
    ): Promise<{ certificates: RegisteredCertificate[]; next?: string }> {
      const { certificates = [], nextMarker } = await iot.send(
        new ListCertificatesByCACommand({ caCertificateId, pageSize: 250, marker }),
      )
      const found = certificates.map(({ certificateId = '', status, creationDate }) => ({
        certificateId,
        status,
        createdAt: creationDate,
      }))
      return nextMarker ? { certificates: found, next: nextMarker } : { certificates: found }
    },

    /** Lets no new certificate of the CA in. Devices that are registered stay. */
    async retire(certificateId: string): Promise<void> {
      try {
        await iot.send(
          new UpdateCACertificateCommand({
            certificateId,
            newStatus: 'INACTIVE',
            newAutoRegistrationStatus: 'DISABLE',
          }),
        )
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error
      }
    },

    /** The account's own hosts, which devices are told: `prefix-ats.iot.…` and `prefix.credentials.iot.…`. */
    async findEndpoints(): Promise<{ mqtt: string; credentials: string }> {
      const [mqtt, credentials] = await Promise.all([
        findEndpoint('iot:Data-ATS'),
        findEndpoint('iot:CredentialProvider'),
      ])
      return { mqtt, credentials }
    },
  }
}

export type CaRegistry = ReturnType<typeof createCaRegistry>
