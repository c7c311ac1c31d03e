import type {
  Certificate as CertificateListItem,
  DeleteCertificateRequest,
  DescribeCertificateRequest,
  DescribeCertificateResponse,
  ListCertificatesByCARequest,
  ListCertificatesByCAResponse,
  ListCertificatesRequest,
  ListCertificatesResponse,
  UpdateCertificateRequest,
} from '@aws-sdk/client-iot'
import type { Certificate, Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { certificateState, deleteConflict, invalidRequest, notFound } from './errors.ts'
import { readAgePage } from './pages.ts'

export function createCertificateOperations(registry: Registry, accountId: string, clock: () => Date) {
  const { certificates, thingPrincipals, policyTargets, arn } = registry

  function find(certificateId: string): Certificate {
    const certificate = certificates.get(certificateId)
    if (!certificate) throw notFound(`The certificate ${certificateId} does not exist.`)
    return certificate
  }

  const toListItem = (certificate: Certificate): CertificateListItem => ({
    certificateArn: arn.certificate(certificate.certificateId),
    certificateId: certificate.certificateId,
    status: certificate.status,
    certificateMode: certificate.mode,
    creationDate: new Date(certificate.createdAtMs),
  })

  return {
    DescribeCertificate({ certificateId }: Checked<DescribeCertificateRequest>): DescribeCertificateResponse {
      const certificate = find(certificateId)
      return {
        certificateDescription: {
          ...toListItem(certificate),
          ...(certificate.caCertificateId !== undefined && { caCertificateId: certificate.caCertificateId }),
          certificatePem: certificate.pem,
          ownedBy: accountId,
          lastModifiedDate: new Date(certificate.modifiedAtMs),
          customerVersion: certificate.customerVersion,
          transferData: {},
          generationId: certificate.generationId,
          validity: { notBefore: new Date(certificate.notBeforeMs), notAfter: new Date(certificate.notAfterMs) },
        },
      }
    },

    ListCertificates(input: Checked<ListCertificatesRequest>): ListCertificatesResponse {
      const page = readAgePage<Certificate>(registry, 'certificate', input)
      return { certificates: page.rows.map(toListItem), nextMarker: page.next }
    },

    ListCertificatesByCA(input: Checked<ListCertificatesByCARequest>): ListCertificatesByCAResponse {
      const isSigned = ({ caCertificateId }: Certificate) => caCertificateId === input.caCertificateId
      const page = readAgePage<Certificate>(registry, 'certificate', input, isSigned)
      return { certificates: page.rows.map(toListItem), nextMarker: page.next }
    },

    /** AWS documents no transition that REVOKED forbids, so none is refused. */
    UpdateCertificate({ certificateId, newStatus }: Checked<UpdateCertificateRequest>): void {
      const certificate = find(certificateId)
      switch (newStatus) {
        case 'ACTIVE':
        case 'INACTIVE':
        case 'REVOKED':
          break
        case 'PENDING_ACTIVATION':
        case 'PENDING_TRANSFER':
        case 'REGISTER_INACTIVE':
          throw invalidRequest(`The certificate status cannot be set to ${newStatus}`)
      }
      if (certificate.status === newStatus) return
      certificates.put(certificateId, {
        ...certificate,
        status: newStatus,
        modifiedAtMs: clock().getTime(),
        customerVersion: certificate.customerVersion + 1,
      })
    },

    DeleteCertificate({ certificateId, forceDelete = false }: Checked<DeleteCertificateRequest>): void {
      const { status } = find(certificateId)
      const target = arn.certificate(certificateId)
      if (status === 'ACTIVE') {
        throw certificateState('Certificate must be deactivated (not ACTIVE) before deletion.', certificateId)
      }
      if (thingPrincipals.leftsOf(certificateId, { limit: 1 }).length > 0) {
        throw deleteConflict(`Things must be detached before deletion (arn: ${target})`)
      }
      const policies = policyTargets.leftsOf(target)
      if (policies.length > 0 && !forceDelete) {
        throw deleteConflict(`Certificate policies must be detached before deletion (arn: ${target})`)
      }
      registry.transaction(() => {
        for (const policy of policies) policyTargets.remove(policy, target)
        certificates.delete(certificateId)
      })
    },
  }
}
