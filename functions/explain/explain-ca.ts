import { type CaFacts, type Facts, foundIn } from './facts.ts'
import { newClaim, updateCa } from './mends.ts'
import { isRegistered } from './registered.ts'
import { breaks, findUntold, holds, isUnknown, type Verdict } from './verdict.ts'

/** Whether the certificate's CA lets it register. */
export function explainCa(facts: Facts, now: Date): Verdict {
  const { caCertificateId, signingId, entry, iot } = facts.ca
  const untold = findUntold(signingId, entry, iot)
  if (untold) return untold
  if (caCertificateId === undefined) return isUnknown('the CA of the certificate is not known')

  const isSigning = foundIn(signingId) === caCertificateId
  const flaw = flawOf(facts.ca, now)
  const ca = `the CA ${caCertificateId}`
  if (flaw === undefined) {
    return holds(`${ca} is ACTIVE and registers certificates by itself until ${notAfterOf(facts.ca)}`)
  }
  // A CA is asked at registration only, and renewals come from the one that signs.
  if (isRegistered(facts) && !isSigning) {
    return holds(`${ca} ${flaw.finding}, and this certificate stays: it is registered, and renewals are another CA’s`)
  }
  return breaks(`${ca} ${flaw.finding}, so no certificate of it registers`, mendOf(facts, flaw.kind, isSigning))
}

type Flaw = { readonly kind: 'absent' | 'ended' | 'off'; readonly finding: string }

function flawOf({ entry, iot }: CaFacts, now: Date): Flaw | undefined {
  const ca = foundIn(iot)
  const retiredAt = foundIn(entry)?.retiredAt
  if (!ca) return { kind: 'absent', finding: 'is not registered with AWS IoT' }
  if (ca.notAfter !== undefined && ca.notAfter <= now) {
    return { kind: 'ended', finding: `ended at ${ca.notAfter.toISOString()}` }
  }
  if (ca.isActive && ca.registersByItself) return undefined
  if (retiredAt !== undefined) return { kind: 'ended', finding: `was retired at ${retiredAt}` }
  return { kind: 'off', finding: ca.isActive ? 'has its auto-registration DISABLEd' : 'is INACTIVE' }
}

function mendOf(facts: Facts, kind: Flaw['kind'], isSigning: boolean): string {
  const { caCertificateId = '', entry, iot } = facts.ca
  const ca = foundIn(iot)
  if (kind === 'off' && ca) return updateCa(caCertificateId, ca)
  if (isSigning) return 'thingdrop ca rotate'
  if (kind === 'absent' && foundIn(entry)?.kind === 'foreign') return 'thingdrop ca register --cert FILE'
  return newClaim(facts)
}

function notAfterOf({ entry, iot }: CaFacts): string {
  return foundIn(iot)?.notAfter?.toISOString() ?? foundIn(entry)?.notAfter ?? 'its end'
}
