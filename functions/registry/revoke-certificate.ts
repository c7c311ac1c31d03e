import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { RenewalStore } from '../stores/renewal-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { DeviceSessions } from './device-sessions.ts'
import { endCertificate } from './end-certificate.ts'
import type { IotRegistry } from './iot-registry.ts'

export interface Revoking {
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly renewals: RenewalStore
  readonly registry: IotRegistry
  readonly sessions: DeviceSessions
  readonly clock: () => Date
}

/** Takes a certificate out of use for good: its connections, its running credentials, its policy and its thing. May be repeated. */
export async function revokeCertificate(
  { ledger, things, renewals, registry, sessions, clock }: Revoking,
  certificate: CertificateEntry,
  reason: string | undefined,
): Promise<void> {
  const now = clock()
  const { certificateId, thingName } = certificate
  // First no new credentials, then the running ones, the ledger at the end: a run that died is seen as not done.
  await registry.disable(certificateId, 'REVOKED')
  if (await mayHaveSessions(things, certificate)) await sessions.end(certificateId, now)
  if (thingName !== undefined) await things.release(thingName, certificateId, reason ?? 'revoked', now)
  await renewals.close(certificateId)
  await endCertificate({ ledger, registry }, certificate, 'revoked', reason, now)
}

/** The ledger has an activation last: one that is being registered at this moment may have got credentials before. */
async function mayHaveSessions(
  things: ThingStore,
  { certificateId, thingName, activatedAt }: CertificateEntry,
): Promise<boolean> {
  if (activatedAt !== undefined) return true
  const thing = thingName === undefined ? undefined : await things.find(thingName)
  return thing?.certificateId === certificateId || thing?.successorId === certificateId
}

/** Revokes a certificate, and first its renewals: the same device has their keys. May be repeated. */
export async function revokeWithRenewals(
  revoking: Revoking,
  certificate: CertificateEntry,
  reason: string | undefined,
): Promise<void> {
  const { thingName, certificateId } = certificate
  const ofThing = thingName === undefined ? [] : await revoking.ledger.listOfThing(thingName)
  const renewals = ofThing.filter(
    ({ successorOf, state }) => successorOf === certificateId && (state === 'active' || state === 'vended'),
  )
  for (const renewal of renewals) await revokeCertificate(revoking, renewal, reason)
  await revokeCertificate(revoking, certificate, reason)
}
