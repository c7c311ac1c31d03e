import { endCertificate } from '../registry/end-certificate.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { OpenRenewal } from '../stores/renewal-store.ts'
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

async function settle(sweeping: Sweeping, { certificateId, thing: thingName }: OpenRenewal): Promise<void> {
  const { ledger, things, registry, clock } = sweeping
  const now = clock()
  const renewal = await ledger.find(certificateId)
  const thing = await things.find(thingName)
  if (!renewal || !isUsable(renewal) || thing?.certificateId === certificateId) return
  const holder = thing?.certificateId === undefined ? undefined : await ledger.find(thing.certificateId)
  const isHolderOver = holder !== undefined && holder.notAfter <= now.toISOString()
  // The old one ended meanwhile: the new one is all that the device has.
  if (isHolderOver && renewal.state === 'active' && thing?.successorId === certificateId) {
    const { attributes, thingTypeName } = thing
    if (await things.hold({ thingName, certificateId, attributes, thingTypeName }, now, holder.certificateId)) {
      await endCertificate({ ledger, registry }, holder, 'retired', `renewed as ${certificateId}`, now)
      return
    }
  }
  await endCertificate({ ledger, registry }, renewal, 'retired', 'its renewal was never confirmed', now)
}

function isUsable({ state }: CertificateEntry): boolean {
  return state === 'active' || state === 'vended'
}
