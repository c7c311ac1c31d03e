import type { Sweeping } from './sweeping.ts'

/** What is older was swept before: certificates come newest first, so the rest need not be read. */
const lookBackMs = 7 * 86_400_000

/** Has every certificate registered that is PENDING_ACTIVATION since before a time, and says how many there were. */
export async function requeuePending(
  { cas, caRegistry, requestRegistration, clock }: Sweeping,
  pendingSince: Date,
): Promise<number> {
  const oldest = clock().getTime() - lookBackMs
  let count = 0
  for (const { caCertificateId, retiredAt } of await cas.list()) {
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
