import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { type Facts, foundIn } from './facts.ts'
import { activateCertificate, explainThingInstead, newClaim } from './mends.ts'
import { breaks, findUntold, holds, type Verdict, waits } from './verdict.ts'
import { formatDuration, quote } from './wording.ts'

/** A device renews at two thirds of a certificate's life: one that ends so soon missed it. */
const endingSoonMs = 30 * 86_400_000

/** Whether there is a certificate, in use and in its time. */
export function explainCertificate(facts: Facts, now: Date): Verdict {
  const { certificateId, certificate } = facts
  if (certificateId === undefined) return explainMissing(facts, now)
  const untold = findUntold(certificate.entry, certificate.iot)
  if (untold) return untold
  const entry = foundIn(certificate.entry)
  const iot = foundIn(certificate.iot)
  if (entry?.state === 'retired' || entry?.state === 'revoked') return explainEnded(facts, entry)
  const notAfter = entry?.notAfter ?? iot?.notAfter?.toISOString()
  if (notAfter !== undefined && notAfter <= now.toISOString()) {
    return breaks(`the certificate ended at ${notAfter}`, newClaim(facts))
  }
  if (iot?.notBefore !== undefined && iot.notBefore > now) {
    return waits(`the certificate is valid from ${iot.notBefore.toISOString()} on`)
  }
  if (iot?.status === 'REVOKED') {
    return breaks(
      `AWS IoT has the certificate REVOKED, and the ledger has it ${entry?.state ?? 'not'}`,
      newClaim(facts),
    )
  }
  if (entry?.state === 'active' && iot?.status === 'INACTIVE') {
    return breaks(
      'the ledger has the certificate active, and AWS IoT has it INACTIVE',
      activateCertificate(certificateId),
    )
  }
  return holds(`${describeState(entry, iot?.status)}, ${describeEnd(notAfter, now)}${describeRenewal(facts)}`)
}

function explainMissing(facts: Facts, now: Date): Verdict {
  const untold = findUntold(facts.thing.entry, facts.thing.certificates, facts.thing.claims)
  if (untold) return untold
  const claims = [...(foundIn(facts.thing.claims) ?? [])].sort((a, b) => (a.expiresAt < b.expiresAt ? 1 : -1))
  const [newest] = claims
  if (!newest) return breaks('no certificate is there, and no claim that could bring one', newClaim(facts))
  const { claimId, expiresAt } = newest
  return expiresAt > now.toISOString()
    ? waits(`claimed, not enrolled yet: the claim ${claimId} expires at ${expiresAt}`)
    : breaks(`claimed, never enrolled: the claim ${claimId} expired at ${expiresAt}`, newClaim(facts))
}

function explainEnded(facts: Facts, { state, changedAt, reason }: CertificateEntry): Verdict {
  const { thingName, certificateId, thing } = facts
  const holder = foundIn(thing.entry)?.certificateId
  const why = reason === undefined ? '' : `, because ${quote(reason)}`
  const finding = `the certificate was ${state} at ${changedAt}${why}`
  return thingName !== undefined && holder !== undefined && holder !== certificateId
    ? breaks(`${finding}, and the certificate ${holder} holds ${thingName} now`, explainThingInstead(thingName))
    : breaks(finding, newClaim(facts))
}

function describeState(entry: CertificateEntry | undefined, status: string | undefined): string {
  const ledger = entry === undefined ? 'the ledger does not know the certificate' : `the certificate is ${entry.state}`
  return `${ledger}, AWS IoT ${status === undefined ? 'does not know it yet' : `has it ${status}`}`
}

function describeEnd(notAfter: string | undefined, now: Date): string {
  if (notAfter === undefined) return 'its end is not known'
  const leftMs = Date.parse(notAfter) - now.getTime()
  const isSoon = leftMs < endingSoonMs ? `, in ${formatDuration(leftMs)}, and should have been renewed` : ''
  return `it ends at ${notAfter}${isSoon}`
}

function describeRenewal({ certificateId, thing, certificate }: Facts): string {
  const holder = foundIn(thing.entry)
  if (holder?.certificateId === certificateId && holder?.successorId !== undefined) {
    return `, and its renewal ${holder.successorId} is not confirmed yet`
  }
  const predecessor = foundIn(certificate.entry)?.successorOf
  return predecessor !== undefined && holder?.certificateId === predecessor
    ? `, and it renews ${predecessor} once its device confirms it`
    : ''
}
