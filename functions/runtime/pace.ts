import { setTimeout as wait } from 'node:timers/promises'

interface Time {
  /** Never goes back. */
  readonly nowMs: () => number
  readonly wait: (ms: number) => Promise<unknown>
}

const system: Time = { nowMs: () => performance.now(), wait: (ms) => wait(ms) }

/** Gives turns, so many a second and no more: who asks waits until it is its turn. The first after a pause comes at once. */
export function createPace(turnsPerSecond: number, time = system): () => Promise<void> {
  let nextMs = 0
  return async () => {
    const nowMs = time.nowMs()
    const turnMs = Math.max(nowMs, nextMs)
    nextMs = turnMs + 1000 / turnsPerSecond
    if (turnMs > nowMs) await time.wait(turnMs - nowMs)
  }
}
