import { Fault } from '#contract/fault.ts'
import { DeviceFault, isTransient } from './device-fault.ts'
import type { Runtime } from './runtime.ts'

const minuteMs = 60_000

export interface RetryOptions {
  /** The longest first wait; it doubles with every failure, up to `capMs`. */
  readonly baseMs: number
  /** The longest wait of all; a minute when not given. */
  readonly capMs?: number
  /** No attempt begins later than this after the first. */
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Told of each failure that is tried again, and how long until then. */
  readonly onRetry?: ((error: unknown, delayMs: number) => void) | undefined
}

/** "Full jitter": uniform between nothing and the doubled base (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export function backoffMs(failures: number, baseMs: number, random: () => number, capMs = minuteMs): number {
  return random() * Math.min(capMs, baseMs * 2 ** (failures - 1))
}

/** Tries until it succeeds, fails for good, or the time is up; then throws the last error. Attempts count from 1. */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  runtime: Runtime,
  { baseMs, capMs, timeoutMs, signal, onRetry }: RetryOptions,
): Promise<T> {
  const started = runtime.monotonicMs()
  for (let number = 1; ; number++) {
    signal?.throwIfAborted()
    try {
      return await attempt(number)
    } catch (error) {
      const isAsked = error instanceof Fault || error instanceof DeviceFault
      const askedMs = isAsked ? (error.retryAfterSeconds ?? 0) * 1000 : 0
      const delayMs = askedMs + backoffMs(number, baseMs, runtime.random, capMs)
      if (!isTransient(error) || runtime.monotonicMs() - started + delayMs > timeoutMs) throw error
      onRetry?.(error, delayMs)
      await runtime.wait(delayMs, signal)
    }
  }
}
