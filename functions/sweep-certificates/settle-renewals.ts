import { isInUse } from '#contract/certificate-state.ts'
import { endCertificate } from '../registry/end-certificate.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { OpenRenewal } from '../stores/renewal-store.ts'
import type { ThingEntry } from '../stores/thing-store.ts'
import type { Sweeping } from './sweeping.ts'

const batch = 500

/**
 * Ends the renewals from before a time that nobody confirmed, so that a thing has one certificate again; says how many.
 * A device confirms within seconds, and again whenever it starts: one that is silent for days has its old certificate.
 */
export async function settleRenewals(sweeping: Sweeping, openSince: Date): Promise<number> {
  const { renewals } = sweeping
  const open = await renewals.listBefore(openSince.toISOString(), batch)
  for (const renewal of open) {
    await settle(sweeping, renewal)
    await renewals.close(renewal.certificateId)
  }
  return open.length
}

async function settle(sweeping: Sweeping, open: OpenRenewal): Promise<void> {
  const { certificateId, thing: thingName } = open
  const { ledger, things, registry, clock } = sweeping
  const now = clock()
  const renewal = await ledger.find(certificateId)
  const thing = await things.find(thingName)
  if (!renewal || !isInUse(renewal.state)) return
  if (await takesOver(sweeping, renewal, thing)) {
    // The run that made it the holder, a confirmation or a sweep, may have died before the one before it was out.
    const before = renewal.successorOf === undefined ? undefined : await ledger.find(renewal.successorOf)
    if (!before || !isInUse(before.state)) return
    await endCertificate({ ledger, registry }, before, 'retired', `renewed as ${certificateId}`, now)
    return
  }
  // From here on it cannot be confirmed any more. If it was just now, all of this is decided anew.
  const isWithdrawn = await things.withdraw(thingName, certificateId, now)
  if (!isWithdrawn && thing?.successorId === certificateId) return settle(sweeping, open)
  await endCertificate({ ledger, registry }, renewal, 'retired', 'its renewal was never confirmed', now)
}

/** Whether a renewal holds its thing. It does so from now on when the certificate before it ended: it is all that the device has. */
async function takesOver(
  { ledger, things, clock }: Sweeping,
  { certificateId, state }: CertificateEntry,
  thing: ThingEntry | undefined,
): Promise<boolean> {
  if (thing?.certificateId === undefined) return false
  if (thing.certificateId === certificateId) return true
  if (thing.successorId !== certificateId || state !== 'active') return false
  const now = clock()
  const holder = await ledger.find(thing.certificateId)
  if (!holder || holder.notAfter > now.toISOString()) return false
  const { thingName, attributes, thingTypeName } = thing
  return things.promote({ thingName, certificateId, attributes, thingTypeName }, holder.certificateId, now)
}
