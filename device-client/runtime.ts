import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

/** Time and chance: what a test, or a program that embeds the device, may replace. */
export interface Runtime {
  readonly clock: () => Date
  /** Milliseconds that only grow, whatever happens to the clock: for waits and durations. */
  readonly monotonicMs: () => number
  /** Uniform in [0, 1): for jitter. */
  readonly random: () => number
  /** Unguessable bytes: for object keys. */
  readonly randomBytes: (count: number) => Uint8Array
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemRuntime: Runtime = {
  clock: () => new Date(),
  monotonicMs: () => performance.now(),
  random: Math.random,
  randomBytes,
  wait: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
}
