import type { FaultCode } from '#contract/fault-codes.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'

export type Registration =
  | { readonly kind: 'register'; readonly entry: CertificateEntry }
  /** Settled before: nothing is left to do. */
  | { readonly kind: 'ignore'; readonly why: string }
  | { readonly kind: 'quarantine'; readonly reason: FaultCode }

/** What becomes of a certificate that connected at `connectedAt`. Reads alone: no AWS. */
export function decideRegistration(entry: CertificateEntry | undefined, connectedAt: Date, now: Date): Registration {
  if (!entry) return { kind: 'quarantine', reason: 'CERTIFICATE_UNKNOWN' }
  // The event is delivered at least once and late: one from before the activation, or for what was
  // quarantined, must not activate a certificate that was taken out of use since.
  if (entry.activatedAt !== undefined && connectedAt.toISOString() <= entry.activatedAt) {
    return { kind: 'ignore', why: `activated at ${entry.activatedAt}` }
  }
  switch (entry.state) {
    case 'quarantined':
      return { kind: 'ignore', why: 'quarantined' }
    case 'vended':
    case 'active':
      if (!thingNamePattern.test(entry.thingName)) return { kind: 'quarantine', reason: 'THING_NAME_INVALID' }
      if (entry.notAfter <= now.toISOString()) return { kind: 'quarantine', reason: 'CERTIFICATE_UNUSABLE' }
      return { kind: 'register', entry }
    default:
      return entry.state satisfies never
  }
}
