import type { FaultCode } from '#contract/fault-codes.ts'
import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import { decideRegistration } from './decide-registration.ts'
import type { IotRegistry } from './iot-registry.ts'
import type { RegistrationEvent } from './registration-event.ts'

export interface Registering {
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly registry: IotRegistry
  readonly clock: () => Date
}

export type Outcome = {
  readonly outcome: 'registered' | 'quarantined' | 'ignored'
  readonly certificateId: string
  readonly why: string
}

/**
 * Brings one certificate that connected to its end: registered, quarantined, or left as it is. Each step may have been
 * done before, and activation comes last: a device is let in only when everything that it needs stands.
 */
export async function registerCertificate(
  { ledger, things, registry, clock }: Registering,
  event: RegistrationEvent,
): Promise<Outcome> {
  const { certificateId } = event
  const now = clock()

  async function quarantine(reason: FaultCode): Promise<Outcome> {
    // The reason first: an INACTIVE certificate sends no further event that could tell why.
    await ledger.markQuarantined(certificateId, reason, now)
    await registry.deactivate(certificateId)
    return { outcome: 'quarantined', certificateId, why: reason }
  }

  async function register(entry: CertificateEntry): Promise<Outcome> {
    if (!(await things.hold(entry, now))) return quarantine('THING_HELD')
    await registry.createThing(entry.thingName, entry.attributes)
    await registry.attach(entry.thingName, certificateId)
    await registry.activate(certificateId)
    await ledger.markActive(certificateId, clock())
    return { outcome: 'registered', certificateId, why: entry.thingName }
  }

  const decision = decideRegistration(await ledger.find(certificateId), new Date(event.timestamp), now)
  switch (decision.kind) {
    case 'register':
      return register(decision.entry)
    case 'quarantine':
      return quarantine(decision.reason)
    case 'ignore':
      return { outcome: 'ignored', certificateId, why: decision.why }
    default:
      return decision satisfies never
  }
}
