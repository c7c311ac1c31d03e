import type { Device } from '../device.ts'
import type { Options, OptionValues } from './options.ts'

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
  /** Calls back whenever the process is told to read its configuration again, until the returned function is called. */
  readonly onReload?: ((listener: () => void) => () => void) | undefined
  /** The options and operands as they are now: the configuration file may have changed. Throws UsageError. */
  readonly parseAgain: () => Pick<CommandContext, 'options' | 'operands'>
}

export interface Command {
  readonly summary: string
  /** What follows the command's name. */
  readonly usage: string
  /** Paragraphs of the help. */
  readonly description: string
  readonly options: Options
  readonly example: string
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>
}
