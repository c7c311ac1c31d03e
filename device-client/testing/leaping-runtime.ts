import { type Runtime, systemRuntime } from '../runtime.ts'

export interface LeapingRuntime extends Runtime {
  /** How long each wait was asked to be. */
  readonly waits: readonly number[]
  /** By how much its time is ahead of the system's. */
  readonly aheadMs: () => number
}

/** Time that leaps over every wait, so that minutes of retries are over at once; chance is `random`. */
export function createLeapingRuntime(random: () => number): LeapingRuntime {
  const waits: number[] = []
  let aheadMs = 0
  return {
    ...systemRuntime,
    random,
    clock: () => new Date(Date.now() + aheadMs),
    monotonicMs: () => performance.now() + aheadMs,
    wait: async (ms) => {
      waits.push(ms)
      aheadMs += ms
    },
    waits,
    aheadMs: () => aheadMs,
  }
}
