import type { CreateCertificateResponse, DeviceConfiguration } from '#contract/certificates-api.ts'
import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { ClaimStore } from '../stores/claim-store.ts'
import type { IssuanceStore } from '../stores/issuance-store.ts'
import type { IssuedCertificate } from '../stores/issued-certificate.ts'
import type { RenewalStore } from '../stores/renewal-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { CertificateRequest } from './parse-csr.ts'

/** What the three ways to a certificate share. */
export interface Vending {
  readonly claims: ClaimStore
  readonly issuances: IssuanceStore
  readonly renewals: RenewalStore
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly sign: (request: CertificateRequest, now: Date) => Promise<IssuedCertificate>
  readonly device: Omit<DeviceConfiguration, 'thingName'>
  readonly clock: () => Date
}

/** Who the certificate is for, and how it came about. */
type Purpose = Pick<
  CertificateEntry,
  'origin' | 'thingTypeName' | 'thingGroupName' | 'attributes' | 'claimId' | 'replaces' | 'successorOf'
> & { readonly thingName: string }

/** The ledger's entry of a certificate that was signed just now. */
export function ledgerEntryOf(issued: IssuedCertificate, purpose: Purpose, now: Date): CertificateEntry {
  const { certificateId, caCertificateId, serialNumber, notAfter } = issued
  const time = now.toISOString()
  return {
    ...purpose,
    certificateId,
    caCertificateId,
    serialNumber,
    notAfter,
    state: 'vended',
    createdAt: time,
    changedAt: time,
  }
}

export function certificateAnswerOf(
  { certificateId, certificatePem, chainPem, notAfter }: IssuedCertificate,
  { thingName, thingTypeName }: Pick<Purpose, 'thingName' | 'thingTypeName'>,
  device: Vending['device'],
): CreateCertificateResponse {
  const type = thingTypeName === undefined ? {} : { thingTypeName }
  return { certificateId, certificatePem, chainPem, notAfter, device: { ...device, ...type, thingName } }
}
