/**
 * The life of a certificate, whole: from each state, where it may go. docs/certificate-states.md draws it, and a test
 * holds the drawing to this.
 *
 * vended: signed, and waits for its first connection · approved: an operator let a quarantined one in, and it waits for
 * its registration · active: registered · quarantined: may not register, with a reason · retired: a newer certificate
 * took its place · rejected: an operator kept it out · revoked: taken out of use for good.
 */
export const certificateTransitions = {
  vended: ['active', 'quarantined', 'retired', 'revoked'],
  approved: ['active', 'quarantined', 'retired', 'revoked'],
  active: ['quarantined', 'retired', 'revoked'],
  quarantined: ['approved', 'rejected', 'revoked'],
  retired: ['revoked'],
  rejected: ['approved', 'revoked'],
  revoked: [],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type CertificateState = keyof typeof certificateTransitions

export const certificateStates = Object.keys(certificateTransitions) as [CertificateState, ...CertificateState[]]

/** A certificate begins as what the backend signed, or as what it met and did not know. */
export const firstStates: readonly CertificateState[] = ['vended', 'quarantined']

/** The states from which a certificate may come to `next`. */
export function statesBefore(next: CertificateState): readonly CertificateState[] {
  return certificateStates.filter((state) => (certificateTransitions[state] as readonly string[]).includes(next))
}

/** Whether a certificate may connect, or may as soon as it registers. */
export function isInUse(state: CertificateState): boolean {
  return statesBefore('retired').includes(state)
}
