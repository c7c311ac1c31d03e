#!/usr/bin/env node
import { CommanderError } from 'commander'
import { connect } from './cli/connect.ts'
import { createProgram } from './cli/create-program.ts'
import { exitCodeOf } from './cli/exit-code.ts'
import { formatFailure } from './cli/format-failure.ts'
import { createOut } from './output/out.ts'

const clock = () => new Date()
const stdout = createOut(process.stdout)
const stderr = createOut(process.stderr)
const program = createProgram({
  stdout,
  stderr,
  clock,
  connect: (options) => connect(options, process.env, clock),
})

program.parseAsync().catch(async (error: unknown) => {
  if (isReaderGone(error)) return
  process.exitCode = exitCodeOf(error)
  // Commander has written its own.
  if (error instanceof CommanderError) return
  await stderr.write(formatFailure(error, { debug: program.opts().debug === true, out: stderr }))
})

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
