/** A wait that another may cut short. */
export interface Alarm {
  /** Ends the present wait, or the next one at once. */
  ring(): void
  wait(ms: number): Promise<void>
}

/** The clock may be set meanwhile, and timers take no more than 24 days. */
const longestWaitMs = 3_600_000

export function createAlarm(): Alarm {
  let hasRung = false
  let wake: (() => void) | undefined
  return {
    ring() {
      hasRung = true
      wake?.()
    },
    async wait(ms) {
      if (!hasRung) {
        let timer: NodeJS.Timeout | undefined
        await new Promise<void>((resolve) => {
          wake = resolve
          timer = setTimeout(resolve, Math.min(ms, longestWaitMs))
        })
        clearTimeout(timer)
      }
      hasRung = false
      wake = undefined
    },
  }
}
