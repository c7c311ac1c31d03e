import { setTimeout as wait } from 'node:timers/promises'

/** Gives turns, so many a second and no more: who asks waits until it is its turn. The first after a pause comes at once. */
export function createPace(turnsPerSecond: number): () => Promise<void> {
  let nextMs = 0
  return async () => {
    const nowMs = performance.now()
    const turnMs = Math.max(nowMs, nextMs)
    nextMs = turnMs + 1000 / turnsPerSecond
    if (turnMs > nowMs) await wait(turnMs - nowMs)
  }
}
