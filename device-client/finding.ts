import { Fault } from '#contract/fault.ts'
import type { FaultCode } from '#contract/fault-codes.ts'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'

/** What one check of a diagnosis found. */
export interface Finding {
  /** `certificate`, `mqtt-tls`, … */
  readonly check: string
  /** warning: the device works, and yet something is to be done. */
  readonly state: 'ok' | 'warning' | 'failed'
  readonly message: string
  /** Present unless all is well, as is the mend. */
  readonly code?: DeviceFaultCode | FaultCode
  readonly hint?: string
}

export function ok(check: string, message: string): Finding {
  return { check, state: 'ok', message }
}

/** Throws what is no fault of the device's or the contract's. */
export function failed(check: string, error: unknown): Finding {
  return describe(check, 'failed', error)
}

export function warning(check: string, code: DeviceFaultCode, message: string): Finding {
  return describe(check, 'warning', new DeviceFault(code, message))
}

/** A check that passes when `work` does, with what that says. */
export async function attempt(check: string, work: () => Promise<string> | string): Promise<Finding> {
  try {
    return ok(check, await work())
  } catch (error) {
    return failed(check, error)
  }
}

function describe(check: string, state: Finding['state'], error: unknown): Finding {
  if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
  const { code, message, hint } = error
  return { check, state, message, code, ...(hint !== undefined && { hint }) }
}
