import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { type Facts, foundIn, type IotCertificate } from './facts.ts'
import { approve, enableRule, redriveDeadLetters, restoreStack, sendRegistrationEvent } from './mends.ts'
import { findQuarantineReason } from './quarantine-reasons.ts'
import { isRegistered } from './registered.ts'
import { breaks, findUntold, holds, isUnknown, type Verdict, waits } from './verdict.ts'
import { formatDuration, quote } from './wording.ts'

/** An event takes seconds; when nothing came of one after this long, it was lost or given up. */
const patienceMs = 5 * 60_000

interface Before {
  readonly ca: Verdict
  readonly certificate: Verdict
}

/** Whether the certificate came through registration, and where it stopped otherwise. */
export function explainRegistration(facts: Facts, { ca, certificate }: Before, now: Date): Verdict {
  if (facts.certificateId === undefined) {
    return certificate.outcome === 'waiting'
      ? waits('a device enrolls with the claim first, and then connects')
      : isUnknown('there is no certificate that could register')
  }
  if (certificate.outcome !== 'holds') return isUnknown('that is seen when the certificate may be used')
  const entry = foundIn(facts.certificate.entry)
  if (entry?.state === 'quarantined') return explainQuarantine(facts, entry)
  if (entry?.state === 'rejected') {
    const why = entry.reason === undefined ? '' : `, because of ${quote(entry.reason)}`
    return breaks(`an operator kept the certificate out at ${entry.changedAt}${why}`, approve(facts))
  }

  const rule = foundIn(facts.stack.rule)
  const ruleName = facts.names.registrationRule
  if ('found' in facts.stack.rule && !rule) {
    return breaks(`the topic rule ${ruleName}, which new certificates register by, is not there`, restoreStack)
  }
  if (rule?.isEnabled === false) {
    return breaks(`the topic rule ${ruleName}, which new certificates register by, is disabled`, enableRule(facts))
  }
  if (isRegistered(facts)) return holds(describeRegistered(entry))
  if (ca.outcome !== 'holds') return isUnknown('a certificate registers when its CA holds')
  return findUntold(facts.stack.rule) ?? explainUnregistered(facts, entry, foundIn(facts.certificate.iot), now)
}

function explainQuarantine(facts: Facts, { reason = 'no reason', changedAt }: CertificateEntry): Verdict {
  const known = findQuarantineReason(reason)
  return known
    ? breaks(`in quarantine since ${changedAt} with ${reason}: ${known.meaning}`, known.mend(facts))
    : breaks(`in quarantine since ${changedAt} with ${quote(reason)}`, approve(facts))
}

function describeRegistered(entry: CertificateEntry | undefined): string {
  return entry === undefined
    ? 'the certificate is in use without a registration by this stack'
    : `the certificate registered at ${entry.activatedAt ?? entry.changedAt}`
}

/** For a certificate that may register and has not. */
function explainUnregistered(
  facts: Facts,
  entry: CertificateEntry | undefined,
  iot: IotCertificate | undefined,
  now: Date,
): Verdict {
  if (iot === undefined) {
    return waits(
      entry?.state === 'active'
        ? 'the certificate was deleted from AWS IoT, and registers anew when its device connects'
        : 'the device never connected, and has to connect once',
    )
  }
  const untold = findUntold(facts.stack.waitingEvents, facts.stack.deadLetters)
  if (untold) return untold
  const since = entry?.state === 'approved' ? Date.parse(entry.changedAt) : iot.changedAt?.getTime()
  const sinceMs = now.getTime() - (since ?? 0)
  const finding = `the certificate is ${iot.status}${since === undefined ? '' : ` for ${formatDuration(sinceMs)}`}`
  const waiting = foundIn(facts.stack.waitingEvents) ?? 0
  if (waiting > 0) return waits(`${finding}, and about ${count(waiting, 'event')} wait for registration`)
  if (sinceMs < patienceMs && iot.status !== 'ACTIVE') return waits(`${finding}, and its registration takes seconds`)
  const deadLetters = foundIn(facts.stack.deadLetters)
  if (deadLetters && deadLetters.count > 0) {
    const given = `about ${count(deadLetters.count, 'event')} could not be handled and are dead letters`
    return breaks(`${finding}, and ${given}`, redriveDeadLetters(deadLetters.queueArn))
  }
  if (entry?.state === 'approved') return breaks(`${finding}, and the event of its approval was lost`, approve(facts))
  return breaks(`${finding}, and no event of it waits for registration`, sendRegistrationEvent(facts, now))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
