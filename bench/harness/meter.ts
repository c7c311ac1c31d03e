import { processorSeconds } from './process-figures.ts'
import { median } from './take-turns.ts'

export interface Work {
  /** Pieces that were done. */
  readonly count: number
  readonly seconds: number
}

/** A server's turns: how many pieces it does in a second, and what they cost it. */
export interface Meter {
  /** Takes a turn and returns the pieces in a second. */
  turn(): Promise<number>
  /** Processor time of the server's process for one piece: the median of the turns after the first, in which it warms up. */
  microseconds(): number
}

export function createMeter(pid: number, work: () => Promise<Work>): Meter {
  const readings: number[] = []
  return {
    async turn() {
      const before = processorSeconds(pid)
      const { count, seconds } = await work()
      readings.push(((processorSeconds(pid) - before) / count) * 1e6)
      return count / seconds
    },
    microseconds: () => median(readings.slice(1)),
  }
}
