import { isInUse } from '#contract/certificate-state.ts'
import type { ConfirmCertificateResponse } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import { endCertificate } from '../registry/end-certificate.ts'
import type { IotRegistry } from '../registry/iot-registry.ts'
import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { RenewalStore } from '../stores/renewal-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'

export interface Confirming {
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly renewals: RenewalStore
  readonly registry: IotRegistry
  readonly clock: () => Date
}

/**
 * A device says, with the credentials of its new certificate, that the new one works: it becomes the holder, and what
 * stood before or beside it is retired. May be repeated. Throws CERTIFICATE_SUPERSEDED when it is not the newest renewal.
 */
export async function confirmCertificate(
  { ledger, things, renewals, registry, clock }: Confirming,
  { thingName, certificateId }: { readonly thingName: string; readonly certificateId: string },
): Promise<ConfirmCertificateResponse> {
  const now = clock()
  const entry = await ledger.find(certificateId)
  if (entry?.thingName !== thingName) throw new Fault('NOT_FOUND', `${thingName} has no such certificate`)
  const thing = await things.find(thingName)
  if (thing?.certificateId !== certificateId) {
    const { thingTypeName, attributes, successorOf } = entry
    const renewal = { thingName, certificateId, attributes, thingTypeName: thing?.thingTypeName ?? thingTypeName }
    const isPromoted =
      isInUse(entry.state) && successorOf !== undefined && (await things.promote(renewal, successorOf, now))
    if (!isPromoted) throw superseded(thingName)
  }
  const others = (await ledger.listOfThing(thingName)).filter(
    (other) => other.certificateId !== certificateId && isReplaced(other),
  )
  for (const other of others) {
    await endCertificate({ ledger, registry }, other, 'retired', `renewed as ${certificateId}`, now)
    await renewals.close(other.certificateId)
  }
  await renewals.close(certificateId)
  return { certificateId, retired: others.map((other) => other.certificateId) }
}

/** What may still connect, and other renewals. A claim that is being used at this moment is its operator's decision. */
function isReplaced({ state, origin }: CertificateEntry): boolean {
  return state === 'active' || (state === 'vended' && origin === 'renewal')
}

function superseded(thingName: string): Fault {
  return new Fault('CERTIFICATE_SUPERSEDED', `this is not the newest renewal of ${thingName}`, {
    hint: 'go on with the certificate in use, and renew again',
  })
}
