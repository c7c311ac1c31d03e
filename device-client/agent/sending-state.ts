import type { Fault } from '#contract/fault.ts'
import type { DeviceFault } from '../device-fault.ts'
import { backoffMs } from '../retry.ts'
import type { Runtime } from '../runtime.ts'
import type { AgentLog } from './agent-log.ts'
import type { Trouble } from './agent-status.ts'

/** Whether files get through, for all directories together. */
export interface SendingState {
  /** A file arrived. */
  succeed(): void
  /** An attempt failed that is made again by itself. */
  retry(error: unknown, delayMs: number): void
  /** What befalls every file: nothing is sent for a while. */
  hold(error: DeviceFault | Fault): void
  /** On the clock that only grows; in the past when sending is free. */
  readonly heldUntilMs: () => number
  readonly trouble: () => Trouble | undefined
}

const holdCapMs = 15 * 60_000

/** `baseMs` is the longest first hold. */
export function createSendingState(
  { clock, monotonicMs, random }: Runtime,
  baseMs: number,
  log: AgentLog,
): SendingState {
  let trouble: Trouble | undefined
  let heldUntilMs = 0
  let holds = 0

  /** The same failure is told once. */
  function note(error: DeviceFault | Fault, what: string): void {
    const isNews = trouble?.code !== error.code
    trouble = {
      code: error.code,
      message: error.message,
      ...(error.hint !== undefined && { hint: error.hint }),
      since: isNews ? clock().toISOString() : (trouble?.since ?? ''),
    }
    const fields = { code: error.code, hint: error.hint }
    log(isNews ? 'warn' : 'debug', `${what}: ${error.code} ${error.message}`, fields)
  }

  return {
    succeed() {
      if (trouble !== undefined) log('info', `files get through again, after ${trouble.code}`, { code: trouble.code })
      trouble = undefined
      holds = 0
    },
    retry(error) {
      note(error as DeviceFault | Fault, 'files do not get through, trying again')
    },
    hold(error) {
      if (monotonicMs() < heldUntilMs) return
      holds++
      const delayMs = Math.min(holdCapMs, baseMs / 2 + backoffMs(holds, baseMs, random, holdCapMs))
      heldUntilMs = monotonicMs() + delayMs
      note(error, `nothing is sent for ${(delayMs / 1000).toFixed(0)} s`)
    },
    heldUntilMs: () => heldUntilMs,
    trouble: () => trouble,
  }
}
