import type { Operator } from '../create-operator.ts'
import type { Out } from '../output/out.ts'
import type { ConnectionOptions } from './connect.ts'

/** What a command works with, so that none reaches for the process. */
export interface CommandContext {
  /** Results. */
  readonly stdout: Out
  /** What is said to the person beside them. */
  readonly stderr: Out
  readonly clock: () => Date
  readonly connect: (options: ConnectionOptions) => Promise<Operator>
  /** Asks the person at the terminal; undefined where nobody is. */
  readonly ask: ((question: string) => Promise<string>) | undefined
  /** Waits so long, or shorter when the signal comes: then it resolves to false. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<boolean>
  /** From now on Ctrl-C gives this signal, once, in place of ending the process. */
  readonly onInterrupt: () => AbortSignal
  /** For a command that did its work and has bad news. */
  readonly setExitCode: (code: 1) => void
}
