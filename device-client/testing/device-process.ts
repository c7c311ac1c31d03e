import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

/** Processes that run from TypeScript start in half the time when Node keeps what it compiled. */
const compileCache = join(import.meta.dirname, '../../node_modules/.cache/thingdrop/compiled')

export interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts `thingdrop-device` as a process of its own, which ends with the test at the latest, with a home of its own and hasty retries. */
export function startDeviceProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
  cli = join(import.meta.dirname, '../cli.ts'),
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn('node', [...nodeArgs, cli, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: temporaryFolder(),
      NODE_COMPILE_CACHE: compileCache,
      THINGDROP_RETRY_BASE_MS: '1',
      ...env,
    },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = Promise.all([
    new Promise<number | null>((resolve) => child.on('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]).then(([code, stdout, stderr]): Ended => ({ code, stdout, stderr }))
  return { child, ended }
}

/** Runs it to its end. */
export function runDeviceProcess(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ended> {
  const { child, ended } = startDeviceProcess(args, env)
  child.stdin?.end(input)
  return ended
}
