import { Fault } from '#contract/fault.ts'
import type { Device } from '../device.ts'
import { DeviceFault } from '../device-fault.ts'
import type { RetryOptions } from '../retry.ts'
import type { AgentLog } from './agent-log.ts'
import type { Trouble } from './agent-status.ts'
import { createAlarm } from './alarm.ts'

export interface RenewalKeeper {
  /** Resolves when no renewal is under way, which uses the thing's only connection for a moment. */
  readonly idle: () => Promise<unknown>
  readonly trouble: () => Trouble | undefined
  readonly ended: Promise<void>
}

/** The clock may be set meanwhile; a renewal that failed is tried again as seldom. */
const longestWaitMs = 3_600_000

/** Renews the certificate whenever it is due, until the signal; `onRenewed` is told after each. */
export function keepRenewed(
  device: Device,
  {
    clock,
    log,
    retrying,
    signal,
    onRenewed,
  }: {
    readonly clock: () => Date
    readonly log: AgentLog
    readonly retrying: Partial<RetryOptions>
    readonly signal: AbortSignal
    readonly onRenewed: () => void
  },
): RenewalKeeper {
  const alarm = createAlarm()
  let trouble: Trouble | undefined
  let underWay: Promise<unknown> = Promise.resolve()

  async function renewWhenDue(): Promise<number> {
    const { outcome, notAfter, dueAt } = await device.renew({}, { ...retrying, signal })
    trouble = undefined
    if (outcome === 'renewed') {
      log('info', `renewed the certificate, valid until ${notAfter.toISOString()}`, {
        notAfter: notAfter.toISOString(),
      })
      onRenewed()
    }
    return Math.max(0, dueAt.getTime() - clock().getTime())
  }

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      let waitMs = longestWaitMs
      try {
        const renewal = renewWhenDue()
        underWay = renewal.catch(() => {})
        waitMs = Math.min(longestWaitMs, await renewal)
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
        const { code, message, hint } = error
        log('error', `not renewed: ${code} ${message}`, { code, hint })
        trouble = { code, message, ...(hint !== undefined && { hint }), since: trouble?.since ?? clock().toISOString() }
      }
      await alarm.wait(waitMs)
    }
  }

  signal.addEventListener('abort', alarm.ring, { once: true })
  return { ended: keep(), trouble: () => trouble, idle: () => underWay }
}
