import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { hasProgram } from '../../test/has-program.ts'

const canPin = hasProgram('taskset') && availableParallelism() > 1

/** What servers run on, and what the client that is measured runs on, so that neither takes the other's time. */
const serverCore = 0
const clientCore = 1

/** Keeps a running process to the servers' core, where there is taskset. */
export function pinServer(pid: number): void {
  if (canPin) execFileSync('taskset', ['-acp', String(serverCore), String(pid)], { stdio: 'ignore' })
}

/** The command line that runs a command on the client's core. */
export function pinned(command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(clientCore), ...command] : command
}
