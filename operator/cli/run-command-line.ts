import { type Command, CommanderError } from 'commander'
import { createOut } from '../output/out.ts'
import { createAsk } from './ask.ts'
import type { CommandContext } from './command-context.ts'
import { connect } from './connect.ts'
import { createProgram } from './create-program.ts'
import { exitCodeOf } from './exit-code.ts'
import { formatFailure } from './format-failure.ts'
import { pause } from './pause.ts'

/** Runs the command line of this process, with the operator's commands and those that `addCommands` adds. */
export async function runCommandLine(addCommands: (program: Command, context: CommandContext) => void): Promise<void> {
  const clock = () => new Date()
  const context: CommandContext = {
    stdout: createOut(process.stdout, process.env),
    stderr: createOut(process.stderr, process.env),
    clock,
    connect: (options) => connect(options, process.env, clock),
    ask: createAsk(process),
    pause,
    onInterrupt() {
      const interrupted = new AbortController()
      process.once('SIGINT', () => interrupted.abort())
      return interrupted.signal
    },
    setExitCode(code) {
      process.exitCode = code
    },
  }
  const program = createProgram(context)
  addCommands(program, context)
  try {
    await program.parseAsync()
  } catch (error) {
    if (isReaderGone(error)) return
    process.exitCode = exitCodeOf(error)
    // Commander has written its own.
    if (error instanceof CommanderError) return
    await context.stderr.write(formatFailure(error, { debug: program.opts().debug === true, out: context.stderr }))
  }
}

/** `thingdrop uploads list | head` has shown what was asked for. */
function isReaderGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'syscall' in error &&
    error.syscall === 'write' &&
    'code' in error &&
    error.code === 'EPIPE'
  )
}
