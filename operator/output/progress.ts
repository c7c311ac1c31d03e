import type { Out } from './out.ts'

export type Outcome = 'made' | 'there' | 'failed'

export interface ProgressOptions {
  readonly total: number
  /** What is counted, in the plural. */
  readonly noun: string
  readonly out: Out
  readonly clock: () => Date
}

export interface Progress {
  settle(outcome: Outcome): Promise<void>
  /** Takes the bar away. */
  end(): Promise<void>
}

const barRedrawMs = 100
const lineEveryMs = 10_000
/** The first ones wait for what was asleep. */
const enoughToTell = 10
const eraseLine = '\r\u001b[K'

/** How far work of many parts is: a bar on a terminal; elsewhere a line every ten seconds, so that a log stays short. */
export function createProgress({ total, noun, out, clock }: ProgressOptions): Progress {
  const startedMs = clock().getTime()
  const count = { made: 0, there: 0, failed: 0 }
  let shownMs = out.isTerminal ? Number.NEGATIVE_INFINITY : startedMs

  return {
    async settle(outcome) {
      count[outcome]++
      const nowMs = clock().getTime()
      if (nowMs - shownMs < (out.isTerminal ? barRedrawMs : lineEveryMs)) return
      shownMs = nowMs
      const done = count.made + count.there + count.failed
      // What was there before took no time, and says nothing about what is left.
      const worked = count.made + count.failed
      const perSecond = worked / Math.max((nowMs - startedMs) / 1000, 0.001)
      const facts = [
        `${perSecond.toFixed(1)}/s`,
        ...(worked >= enoughToTell ? [`${formatDuration((total - done) / perSecond)} left`] : []),
        ...(count.failed > 0 ? [`${count.failed} failed`] : []),
      ].join(', ')
      const text = out.isTerminal
        ? eraseLine + formatBar(done, total, `${done}/${total} ${noun}, ${facts}`, out.width ?? 80)
        : `${done} of ${total} ${noun}, ${facts}\n`
      await out.write(text)
    },
    async end() {
      if (out.isTerminal) await out.write(eraseLine)
    },
  }
}

/** `[#####-----] 5/10 devices, …` in one line of the terminal. */
function formatBar(done: number, total: number, facts: string, width: number): string {
  const cells = Math.min(40, width - facts.length - 4)
  if (cells < 5) return facts.slice(0, width - 1)
  const full = Math.floor((done / total) * cells)
  return `[${'#'.repeat(full)}${'-'.repeat(cells - full)}] ${facts}`
}

function formatDuration(seconds: number): string {
  if (seconds < 99.5) return `${Math.ceil(seconds)} s`
  const minutes = Math.ceil(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
