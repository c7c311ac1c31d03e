import type { Sweeping } from './sweeping.ts'

/** A device renews at two thirds of a certificate's life: of a year, four months before its end. */
const expiringMs = 30 * 86_400_000
const pageSize = 1000

/** How many active certificates end soon, and how many have ended: devices that did not renew. */
export async function countExpiring({ ledger, clock }: Sweeping): Promise<{ expiring: number; expired: number }> {
  const now = clock()
  const expiresBefore = new Date(now.getTime() + expiringMs).toISOString()
  let expiring = 0
  let expired = 0
  let after: string | undefined
  do {
    const page = await ledger.list({ state: 'active', expiresBefore, after, limit: pageSize })
    const ended = page.certificates.filter(({ notAfter }) => notAfter <= now.toISOString()).length
    expired += ended
    expiring += page.certificates.length - ended
    after = page.next
  } while (after !== undefined)
  return { expiring, expired }
}
