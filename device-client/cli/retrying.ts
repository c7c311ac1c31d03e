import { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import type { RetryOptions } from '../retry.ts'
import type { CommandContext } from './command.ts'

/** The retries that a command's options ask for, each told on stderr; the mend is told once for each code. */
export function retryingOf(context: CommandContext, subject?: string): Partial<RetryOptions> {
  const { options, log, signal } = context
  const baseMs = options.number('retry-base-ms')
  const timeoutSeconds = options.number('timeout')
  const told = new Set<string>()
  return {
    signal,
    ...(baseMs !== undefined && { baseMs }),
    ...(timeoutSeconds !== undefined && { timeoutMs: timeoutSeconds * 1000 }),
    onRetry(error, delayMs) {
      if (!(error instanceof DeviceFault || error instanceof Fault)) return
      const seconds = (delayMs / 1000).toFixed(1)
      const what = error.code === 'REGISTRATION_PENDING' ? 'registration pending' : `${error.code} ${error.message}`
      log(`${subject === undefined ? '' : `${subject}: `}${what}, retrying in ${seconds} s`)
      const isNews = !told.has(error.code) && error.code !== 'REGISTRATION_PENDING'
      if (isNews && error.hint !== undefined) log(`  ${error.hint}`)
      told.add(error.code)
    },
  }
}
