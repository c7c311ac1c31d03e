import type {
  CACertificate as CaCertificateListItem,
  DeleteCACertificateRequest,
  DeleteCACertificateResponse,
  DescribeCACertificateRequest,
  DescribeCACertificateResponse,
  ListCACertificatesRequest,
  ListCACertificatesResponse,
  UpdateCACertificateRequest,
} from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { CaCertificate, Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { certificateState, notFound } from './errors.ts'
import { readAgePage } from './pages.ts'

export function createCaCertificateOperations(registry: Registry, accountId: string, clock: () => Date) {
  const { caCertificates, arn } = registry

  function find(certificateId: string): CaCertificate {
    const ca = caCertificates.get(certificateId)
    if (!ca) throw notFound(`The CA certificate ${certificateId} does not exist.`)
    return ca
  }

  const toListItem = (ca: CaCertificate): CaCertificateListItem => ({
    certificateArn: arn.caCertificate(ca.certificateId),
    certificateId: ca.certificateId,
    status: ca.status,
    creationDate: new Date(ca.createdAtMs),
  })

  return {
    DescribeCACertificate({ certificateId }: Checked<DescribeCACertificateRequest>): DescribeCACertificateResponse {
      const ca = find(certificateId)
      return {
        certificateDescription: {
          ...toListItem(ca),
          certificatePem: ca.pem,
          ownedBy: accountId,
          autoRegistrationStatus: ca.autoRegistrationStatus,
          lastModifiedDate: new Date(ca.modifiedAtMs),
          customerVersion: ca.customerVersion,
          generationId: ca.generationId,
          validity: { notBefore: new Date(ca.notBeforeMs), notAfter: new Date(ca.notAfterMs) },
          certificateMode: ca.mode,
        },
        registrationConfig: {},
      }
    },

    ListCACertificates(input: Checked<ListCACertificatesRequest>): ListCACertificatesResponse {
      if (input.templateName !== undefined) throw notImplemented('ListCACertificates with templateName')
      const page = readAgePage<CaCertificate>(registry, 'caCertificate', input)
      return { certificates: page.rows.map(toListItem), nextMarker: page.next }
    },

    UpdateCACertificate(input: Checked<UpdateCACertificateRequest>): void {
      if (input.registrationConfig !== undefined) throw notImplemented('UpdateCACertificate with registrationConfig')
      const ca = find(input.certificateId)
      caCertificates.put(ca.certificateId, {
        ...ca,
        status: input.newStatus ?? ca.status,
        autoRegistrationStatus: input.removeAutoRegistration
          ? 'DISABLE'
          : (input.newAutoRegistrationStatus ?? ca.autoRegistrationStatus),
        modifiedAtMs: clock().getTime(),
        customerVersion: ca.customerVersion + 1,
      })
    },

    DeleteCACertificate({ certificateId }: Checked<DeleteCACertificateRequest>): DeleteCACertificateResponse {
      if (find(certificateId).status === 'ACTIVE') {
        throw certificateState('CA certificate must be deactivated (not ACTIVE) before deletion.', certificateId)
      }
      registry.transaction(() => {
        caCertificates.delete(certificateId)
        registry.tags.delete(arn.caCertificate(certificateId))
      })
      return {}
    },
  }
}
