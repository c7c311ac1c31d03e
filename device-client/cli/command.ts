import type { Device } from '../device.ts'
import type { Option, OptionValues } from './options.ts'

/** What a command gets. Results go to `print`, one line each (stdout); everything else to `log` (stderr). */
export interface CommandContext {
  readonly device: Device
  /** The device's folder. */
  readonly dir: string
  readonly options: OptionValues
  readonly operands: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly print: (line: string) => void
  readonly log: (line: string) => void
  /** Puts a line in the place of the last one, where stderr is a terminal. */
  readonly draw?: ((line: string) => void) | undefined
  /** Aborts when the process is told to end. */
  readonly signal: AbortSignal
}

export interface Command {
  readonly summary: string
  /** What follows the command's name. */
  readonly usage: string
  /** Paragraphs of the help. */
  readonly description: string
  readonly options: Readonly<Record<string, Option>>
  readonly example: string
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>
}
