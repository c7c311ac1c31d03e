import { setTimeout } from 'node:timers/promises'

/** Waits so long, or shorter when the signal comes: then it resolves to false. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return setTimeout(milliseconds, true, { signal }).catch(() => false)
}
