import type { FaultCode } from '#contract/fault-codes.ts'
import type { RegistrationRules } from '#contract/registration-rules.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import { type Catalog, isThingNameAllowed } from '../rules/check-thing.ts'
import { matchesGlob } from '../rules/match-glob.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { ThingEntry } from '../stores/thing-store.ts'

/** An entry that may register: it names its thing. */
type RegisteringCertificate = CertificateEntry & { readonly thingName: string }

export type Registration =
  /** `as`: the certificate that holds its thing, in place of `instead` if one is named, or one beside its holder until it is confirmed. */
  | {
      readonly kind: 'register'
      readonly entry: RegisteringCertificate
      readonly as: 'holder' | 'successor'
      readonly instead?: string
    }
  /** Settled before: nothing is left to do. */
  | { readonly kind: 'ignore'; readonly why: string }
  /** Out of use already, whatever AWS IoT thinks of it. */
  | { readonly kind: 'refuse'; readonly why: string }
  | { readonly kind: 'quarantine'; readonly reason: FaultCode }

export interface Circumstances {
  /** The thing that the certificate asks for, as the backend knows it. */
  readonly thing: ThingEntry | undefined
  /** What is wrong with the certificate itself, when it is another CA's. */
  readonly flaw?: FaultCode | undefined
  /** Whether the ledger had it before it connected. */
  readonly isKnown: boolean
  readonly rules: RegistrationRules
  readonly catalog: Catalog
  readonly connectedAt: Date
  readonly now: Date
}

/** What becomes of a certificate that connected. Reads alone: no AWS. */
export function decideRegistration(entry: CertificateEntry, circumstances: Circumstances): Registration {
  const { connectedAt, isKnown, rules, flaw } = circumstances
  if (isEcho(entry, connectedAt)) return { kind: 'ignore', why: `activated at ${entry.activatedAt}` }
  switch (entry.state) {
    case 'quarantined':
    case 'rejected':
    case 'retired':
    case 'revoked':
      return { kind: 'refuse', why: entry.state }
    case 'approved':
      // An operator saw what is wrong with it, and let it in.
      return placeOf(entry, circumstances)
    case 'vended':
    case 'active': {
      if (!isKnown && rules.accept === 'ledger') return quarantine('CERTIFICATE_UNKNOWN')
      const reason = flaw ?? refusalOf(entry, rules)
      return reason === undefined ? placeOf(entry, circumstances) : quarantine(reason)
    }
    default:
      return entry.state satisfies never
  }
}

/**
 * Events are delivered at least once and late: one from before the activation must not activate a certificate that was
 * taken out of use since.
 */
export function isEcho({ activatedAt }: CertificateEntry, connectedAt: Date): boolean {
  return activatedAt !== undefined && connectedAt.toISOString() <= activatedAt
}

function quarantine(reason: FaultCode): Registration {
  return { kind: 'quarantine', reason }
}

/** By the rules' lists and patterns. */
function refusalOf(entry: CertificateEntry, rules: RegistrationRules): FaultCode | undefined {
  const { allow, deny } = rules
  const isIn = (list: typeof allow) =>
    list.serialNumbers.includes(entry.serialNumber) ||
    list.caCertificateIds.includes(entry.caCertificateId) ||
    list.things.some((pattern) => matchesGlob(pattern, entry.thingName ?? ''))
  const isEmpty = Object.values(allow).every((members) => members.length === 0)
  if (isIn(deny) || (!isEmpty && !isIn(allow))) return 'CERTIFICATE_DENIED'
  return entry.thingName !== undefined && isThingNameAllowed(entry.thingName, rules) ? undefined : 'THING_NAME_REFUSED'
}

/** What holds for every certificate, whoever let it in. */
function placeOf(entry: CertificateEntry, { thing, catalog, now }: Circumstances): Registration {
  const { thingName, thingTypeName, thingGroupName, certificateId } = entry
  if (thingName === undefined || !thingNamePattern.test(thingName)) return quarantine('THING_NAME_INVALID')
  if (entry.notAfter <= now.toISOString()) return quarantine('CERTIFICATE_EXPIRED')
  if (thingTypeName !== undefined && !catalog.thingTypeNames.includes(thingTypeName)) {
    return quarantine('THING_TYPE_UNKNOWN')
  }
  if (thingGroupName !== undefined && !catalog.thingGroupNames.includes(thingGroupName)) {
    return quarantine('THING_GROUP_UNKNOWN')
  }
  const registering = { ...entry, thingName }
  const holder = thing?.certificateId
  if (holder === undefined || holder === certificateId) {
    // A renewal follows a certificate that holds the thing: when that was revoked meanwhile, so is its renewal.
    if (holder === undefined && entry.successorOf !== undefined)
      return { kind: 'refuse', why: 'its predecessor is out of use' }
    return { kind: 'register', entry: registering, as: 'holder' }
  }
  if (entry.successorOf !== undefined) {
    return entry.successorOf === holder && thing?.successorId === certificateId
      ? { kind: 'register', entry: registering, as: 'successor' }
      : { kind: 'refuse', why: 'a newer renewal follows it' }
  }
  if (entry.replaces) return { kind: 'register', entry: registering, as: 'holder', instead: holder }
  return quarantine('THING_HELD')
}
