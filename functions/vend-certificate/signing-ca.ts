import type { CaStore, SigningCa } from '../stores/ca-store.ts'

/** A rotation is taken up within this time; the CA before it stays valid. */
const cacheMs = 60_000

/** The CA that signs now, read at most once a minute. */
export function createSigningCa(store: CaStore, monotonicMs: () => number): () => Promise<SigningCa> {
  let cached: SigningCa | undefined
  let readAtMs = 0

  return async () => {
    if (cached !== undefined && monotonicMs() - readAtMs < cacheMs) return cached
    const found = await store.findSigning()
    if (!found) throw new Error('the ledger names no CA that signs: the fleet-ca resource of the stack makes one')
    cached = found
    readAtMs = monotonicMs()
    return found
  }
}
