import { median } from './take-turns.ts'

const callsPerSample = 200
const samples = 400
const warmUpCalls = 20_000

/** Microseconds that one call takes: the median of many short runs, which a busy machine interrupts only now and then. */
export function timeCall(call: () => unknown): number {
  for (let index = 0; index < warmUpCalls; index++) call()
  const taken = Array.from({ length: samples }, () => {
    const begin = performance.now()
    for (let index = 0; index < callsPerSample; index++) call()
    return ((performance.now() - begin) * 1000) / callsPerSample
  })
  return median(taken)
}
