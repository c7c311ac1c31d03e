import type { Sweeping } from './sweeping.ts'

/** Kept this long after a certificate's end, for whoever asks what became of it. */
const keepMs = 30 * 86_400_000
const batch = 200
const endStates = ['retired', 'rejected', 'revoked'] as const

/** Takes certificates that are out of use and past their end out of AWS IoT and the ledger; says how many. */
export async function forgetEnded({ ledger, registry, clock }: Sweeping): Promise<number> {
  const expiresBefore = new Date(clock().getTime() - keepMs).toISOString()
  let count = 0
  for (const state of endStates) {
    const { certificates } = await ledger.list({ state, expiresBefore, limit: batch })
    for (const { certificateId } of certificates) {
      await registry.deleteCertificate(certificateId)
      await ledger.remove(certificateId)
      count++
    }
  }
  return count
}
