import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { IotRegistry } from './iot-registry.ts'

interface Ending {
  readonly ledger: CertificateLedger
  readonly registry: IotRegistry
}

/** What a certificate that is out of use is to AWS IoT. */
const statusOf = { retired: 'INACTIVE', rejected: 'INACTIVE', revoked: 'REVOKED' } as const

/**
 * Takes a certificate out of use: no new connection first, then its policy and thing, and the ledger last, so that a run
 * that died is seen as not done and is run again. False when the ledger has it in a state that cannot come there.
 */
export async function endCertificate(
  { ledger, registry }: Ending,
  certificate: CertificateEntry,
  state: keyof typeof statusOf,
  reason: string | undefined,
  now: Date,
): Promise<boolean> {
  await registry.disable(certificate.certificateId, statusOf[state])
  await registry.detach(certificate.thingName, certificate.certificateId)
  return ledger.move(certificate, state, reason === undefined ? {} : { reason }, now)
}
