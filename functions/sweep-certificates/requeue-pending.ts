import type { Sweeping } from './sweeping.ts'

/** What is older was swept before: certificates come newest first, so the rest need not be read. */
const lookBackMs = 7 * 86_400_000

/** Approvals whose event was lost are few: an operator makes each of them. */
const maxApproved = 1000

/**
 * Has every certificate registered that is PENDING_ACTIVATION, or approved and not yet active, since before a time; says
 * how many there were.
 */
export async function requeuePending(
  { cas, ledger, caRegistry, requestRegistration, clock }: Sweeping,
  pendingSince: Date,
): Promise<number> {
  const oldest = clock().getTime() - lookBackMs
  const [authorities, approved] = await Promise.all([
    cas.list(),
    ledger.list({ state: 'approved', limit: maxApproved }),
  ])
  const waiting = approved.certificates.filter(({ changedAt }) => changedAt <= pendingSince.toISOString())
  for (const certificate of waiting) await requestRegistration(certificate, clock())
  let count = waiting.length
  for (const { caCertificateId, retiredAt } of authorities) {
    if (retiredAt !== undefined) continue
    let marker: string | undefined
    let isRecent = true
    do {
      const page = await caRegistry.listCertificates(caCertificateId, marker)
      for (const { certificateId, status, createdAt } of page.certificates) {
        const createdMs = createdAt?.getTime() ?? 0
        isRecent = createdMs > oldest
        if (!isRecent) break
        if (status !== 'PENDING_ACTIVATION' || createdMs > pendingSince.getTime()) continue
        await requestRegistration({ certificateId, caCertificateId }, clock())
        count++
      }
      marker = page.next
    } while (marker !== undefined && isRecent)
  }
  return count
}
