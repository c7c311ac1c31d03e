import type { Out } from './out.ts'

export interface Tally {
  /** Tells of so many more, and of where the work is; a line only when one is due. */
  add(count: number, place: string | undefined): Promise<void>
  /** Takes the line away. */
  end(): Promise<void>
}

const redrawMs = 100
const lineEveryMs = 10_000
const eraseLine = '\r\u001b[K'

/** How far work without a known end is: a line that changes on a terminal; elsewhere one every ten seconds. */
export function createTally(noun: string, out: Out, clock: () => Date): Tally {
  const startedMs = clock().getTime()
  let total = 0
  let shownMs = startedMs

  return {
    async add(count, place) {
      total += count
      const nowMs = clock().getTime()
      if (nowMs - shownMs < (out.isTerminal ? redrawMs : lineEveryMs)) return
      shownMs = nowMs
      const rate = Math.round((total * 1000) / (nowMs - startedMs))
      const text = `${total} ${noun}, ${rate}/s${place === undefined ? '' : `, ${place}`}`
      await out.write(out.isTerminal ? eraseLine + text.slice(0, (out.width ?? 80) - 1) : `${text}\n`)
    },
    async end() {
      if (out.isTerminal) await out.write(eraseLine)
    },
  }
}
