import type { Sweeping } from './sweeping.ts'

/** An event takes seconds; after this long it was lost, or ended among the dead letters. */
const pendingMs = 15 * 60_000
/** What is older was swept before: certificates come newest first, so the rest need not be read. */
const lookBackMs = 7 * 86_400_000

/** Has every certificate registered that stayed PENDING_ACTIVATION, and says how many there were. */
export async function requeuePending({ cas, caRegistry, requestRegistration, clock }: Sweeping): Promise<number> {
  const now = clock().getTime()
  let count = 0
  for (const { caCertificateId, retiredAt } of await cas.list()) {
    if (retiredAt !== undefined) continue
    let marker: string | undefined
    let isRecent = true
    do {
      const page = await caRegistry.listCertificates(caCertificateId, marker)
      for (const { certificateId, status, createdAt } of page.certificates) {
        const ageMs = now - (createdAt?.getTime() ?? 0)
        isRecent = ageMs < lookBackMs
        if (!isRecent) break
        if (status !== 'PENDING_ACTIVATION' || ageMs < pendingMs) continue
        await requestRegistration({ certificateId, caCertificateId }, clock())
        count++
      }
      marker = page.next
    } while (marker !== undefined && isRecent)
  }
  return count
}
