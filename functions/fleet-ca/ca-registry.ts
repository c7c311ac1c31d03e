import { X509Certificate } from 'node:crypto'
import {
  DescribeEndpointCommand,
  type IoTClient,
  RegisterCACertificateCommand,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot'
import { certificateIdOf } from '../x509/certificate-fields.ts'

/** The fleet CA's place in AWS IoT. Every call may be repeated. */
export function createCaRegistry(iot: IoTClient) {
  async function findEndpoint(endpointType: 'iot:Data-ATS' | 'iot:CredentialProvider'): Promise<string> {
    const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType }))
    if (endpointAddress === undefined) throw new Error(`AWS IoT names no ${endpointType} endpoint`)
    return endpointAddress
  }

  return {
    /** Registers a CA certificate, active and with auto-registration, and gives its id. SNI_ONLY needs no verification certificate. */
    async register(certificatePem: string): Promise<string> {
      const certificateId = certificateIdOf(new Uint8Array(new X509Certificate(certificatePem).raw).buffer)
      try {
        await iot.send(
          new RegisterCACertificateCommand({
            caCertificate: certificatePem,
            certificateMode: 'SNI_ONLY',
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
