import type { FaultCode } from '#contract/fault-codes.ts'
import type { RegistrationRules } from '#contract/registration-rules.ts'
import { endCertificate } from '../registry/end-certificate.ts'
import type { FleetEvents } from '../registry/fleet-events.ts'
import type { IotRegistry } from '../registry/iot-registry.ts'
import type { RegistrationEvent } from '../registry/registration-event.ts'
import type { Catalog } from '../rules/check-thing.ts'
import type { CertificateEntry, CertificateLedger } from '../stores/certificate-ledger.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import { decideRegistration, isEcho, type Registration } from './decide-registration.ts'
import { readCertificate, type UnknownCertificate } from './read-certificate.ts'

export interface Registering {
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly registry: IotRegistry
  readonly events: FleetEvents
  readonly rules: RegistrationRules
  readonly catalog: Catalog
  /** Waits until AWS IoT's rates let another registration begin. */
  readonly awaitTurn: () => Promise<void>
  readonly clock: () => Date
}

export type Outcome = {
  readonly outcome: 'registered' | 'quarantined' | 'refused' | 'ignored'
  readonly certificateId: string
  readonly why: string
}

/**
 * Brings one certificate that connected to its end: registered, quarantined, or left as it is. Each step may have been
 * done before, and activation comes last: a device is let in only when everything that it needs stands.
 */
export async function registerCertificate(registering: Registering, event: RegistrationEvent): Promise<Outcome> {
  const { ledger, things, registry, rules, catalog, awaitTurn, clock } = registering
  const { certificateId } = event
  const connectedAt = new Date(event.timestamp)
  // A device that waits connects again and again, and each time is an event: most need no more than this read.
  const seen = await ledger.find(certificateId)
  if (seen && isEcho(seen, connectedAt)) return { outcome: 'ignored', certificateId, why: 'it was activated since' }
  await awaitTurn()
  const known = await ledger.find(certificateId)
  const now = clock()
  const { entry, flaw } = known
    ? { entry: known, flaw: undefined }
    : ((await readUnknown(registering, event, now)) ?? {})
  if (!entry) return { outcome: 'ignored', certificateId, why: 'AWS IoT has no such certificate any more' }

  const decision = decideRegistration(entry, {
    thing: entry.thingName === undefined ? undefined : await things.find(entry.thingName),
    flaw,
    isKnown: known !== undefined,
    rules,
    catalog,
    connectedAt,
    now,
  })
  switch (decision.kind) {
    case 'register':
      if (!known) await ledger.add(entry)
      return register(registering, event, decision, now)
    case 'quarantine':
      return quarantine(registering, entry, decision.reason, now)
    case 'refuse':
      await registry.disable(certificateId, entry.state === 'revoked' ? 'REVOKED' : 'INACTIVE')
      return { outcome: 'refused', certificateId, why: decision.why }
    case 'ignore':
      return { outcome: 'ignored', certificateId, why: decision.why }
    default:
      return decision satisfies never
  }
}

async function readUnknown(
  { registry, rules }: Registering,
  { certificateId }: RegistrationEvent,
  now: Date,
): Promise<UnknownCertificate | undefined> {
  const described = await registry.describe(certificateId)
  return described && readCertificate({ certificateId, ...described }, rules, now)
}

async function register(
  registering: Registering,
  event: RegistrationEvent,
  { entry, as, instead }: Extract<Registration, { kind: 'register' }>,
  now: Date,
): Promise<Outcome> {
  const { ledger, things, registry, catalog, clock } = registering
  const { certificateId, thingName, thingGroupName, attributes } = entry
  const thingTypeName = entry.thingTypeName ?? catalog.thingTypeNames[0] ?? ''
  if (as === 'holder') {
    const isHeld = await things.hold({ certificateId, thingName, thingTypeName, attributes }, now, instead)
    // Another certificate came first, just now: what that makes of this one is decided anew.
    if (!isHeld) return registerCertificate(registering, event)
  }
  await registry.createThing({ thingName, thingTypeName, attributes })
  if (thingGroupName !== undefined) await registry.joinGroup(thingName, thingGroupName)
  await registry.attach(thingName, certificateId)
  await registry.activate(certificateId)
  if (entry.replaces) await retireOthers({ ledger, registry }, entry, now)
  const isRecorded = await ledger.move(entry, 'active', { activatedAt: clock().toISOString() }, now)
  // Revoked while it was being let in: what was done last must be undone.
  if (!isRecorded) await registry.disable(certificateId, 'REVOKED')
  return isRecorded
    ? { outcome: 'registered', certificateId, why: thingName }
    : { outcome: 'refused', certificateId, why: 'it was taken out of use meanwhile' }
}

/** What held the thing before a certificate that an operator let take it over. */
async function retireOthers(
  { ledger, registry }: Pick<Registering, 'ledger' | 'registry'>,
  { thingName, certificateId }: { thingName: string; certificateId: string },
  now: Date,
): Promise<void> {
  for (const other of await ledger.listOfThing(thingName)) {
    if (other.certificateId === certificateId || other.state !== 'active') continue
    await endCertificate({ ledger, registry }, other, 'retired', `replaced by ${certificateId}`, now)
  }
}

async function quarantine(
  { ledger, things, registry, events }: Registering,
  entry: CertificateEntry,
  reason: FaultCode,
  now: Date,
): Promise<Outcome> {
  const { certificateId, thingName, thingTypeName, attributes } = entry
  // The ledger last: until it has the reason, the event is worked on again, and an INACTIVE certificate sends no other.
  await registry.disable(certificateId, 'INACTIVE')
  await events.announceQuarantine({ certificateId, thingName, reason })
  if (thingName !== undefined) await things.noteQuarantine({ thingName, thingTypeName, attributes }, reason, now)
  if (!(await ledger.add({ ...entry, state: 'quarantined', reason }))) {
    await ledger.move(entry, 'quarantined', { reason }, now)
  }
  return { outcome: 'quarantined', certificateId, why: reason }
}
