import type { Store } from '#local/store.ts'

/** Persistent sessions whose clients are away, and until when they are kept. */
export interface SessionExpiry {
  /** The client left: its session ends unless it is back in time. */
  start(clientId: string): void
  stop(clientId: string): void
  /** The clients whose sessions have ended since the last call. */
  takeExpired(): string[]
}

/** @param known clients that have a session as the broker starts: all of them are away */
export function createSessionExpiry(
  store: Store,
  options: { clock: () => Date; expirySeconds: number; known: readonly string[] },
): SessionExpiry {
  const expiries = store.collection<number>('session-expiry')
  const nowMs = () => options.clock().getTime()
  const start = (clientId: string) => expiries.put(clientId, nowMs() + options.expirySeconds * 1000)
  for (const clientId of options.known) if (expiries.get(clientId) === undefined) start(clientId)

  return {
    start,
    stop: (clientId) => void expiries.delete(clientId),
    takeExpired() {
      const expired = expiries.list().filter(({ value }) => value <= nowMs())
      for (const { id } of expired) expiries.delete(id)
      return expired.map(({ id }) => id)
    },
  }
}
