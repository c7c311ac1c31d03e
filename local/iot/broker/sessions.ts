import type { Store } from '#local/store.ts'
import { SESSION_EXPIRY_SECONDS } from '../mqtt-limits.ts'
import { createSessionQueue, type SessionQueue } from './session-queue.ts'
import { createSessionSubscriptions, type SessionSubscriptions } from './session-subscriptions.ts'

const EXPIRY_CHECK_MS = 60_000

/** Persistent sessions: what their clients subscribed to and have not yet received, for as long as AWS IoT keeps it. */
export interface Sessions {
  readonly subscriptions: SessionSubscriptions
  readonly queue: SessionQueue
  /** The client asks to connect: a session that has expired is not there for it any more. */
  expire(clientId: string): void
  /** The client is connected. */
  resume(clientId: string): void
  /** The client left: its session ends unless it is back within an hour. */
  leave(clientId: string): void
  close(): void
}

export function createSessions(store: Store, clock: () => Date): Sessions {
  const subscriptions = createSessionSubscriptions(store)
  const queue = createSessionQueue(store)
  const stored = store.collection<number>('session-expiry')
  // In memory as well: most clients that connect have left no session behind, and need not wait for the disk to hear it.
  const expiries = new Map(stored.list().map(({ id, value }) => [id, value]))
  const nowMs = () => clock().getTime()

  const leave = (clientId: string) => {
    const expiryMs = nowMs() + SESSION_EXPIRY_SECONDS * 1000
    stored.put(clientId, expiryMs)
    expiries.set(clientId, expiryMs)
  }
  const resume = (clientId: string) => {
    if (expiries.delete(clientId)) stored.delete(clientId)
  }
  const end = (clientId: string) => {
    subscriptions.removeAll(clientId)
    queue.removeAll(clientId)
    resume(clientId)
  }
  const endExpired = () => {
    for (const [clientId, expiryMs] of expiries) if (expiryMs <= nowMs()) end(clientId)
  }
  // Those who were connected when the last broker was killed.
  for (const clientId of subscriptions.clients()) if (!expiries.has(clientId)) leave(clientId)
  const timer = setInterval(endExpired, EXPIRY_CHECK_MS).unref()

  return {
    subscriptions,
    queue,
    expire(clientId) {
      const expiryMs = expiries.get(clientId)
      if (expiryMs !== undefined && expiryMs <= nowMs()) end(clientId)
    },
    resume,
    leave,
    close: () => clearInterval(timer),
  }
}
