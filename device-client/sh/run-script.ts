import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const script = join(import.meta.dirname, 'thingdrop-device.sh')

/** The file behind a program's name; empty when there is none. */
function locate(program: string): string {
  const { stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' })
  return stdout === '' ? '' : realpathSync(stdout.trim())
}

/** Whether the script can run here at all: tests of it skip, and say so, where it cannot. */
export const canRunScript = locate('curl') !== '' && locate('openssl') !== ''

/** The POSIX shells that are on this machine, each once, whatever its names. */
const everyShell = [
  ...new Map(['sh', 'dash', 'busybox ash', 'bash --posix'].map((shell) => [locate(shell.split(' ')[0] ?? ''), shell])),
].flatMap(([file, shell]) => (file === '' ? [] : [shell]))

/** Those that tests go through: with THINGDROP_EXHAUSTIVE every one, else `sh` alone. */
export const shells = process.env.THINGDROP_EXHAUSTIVE ? everyShell : ['sh']

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  /** Files that the script should have taken away. */
  readonly left: readonly string[]
}

export interface ScriptOptions {
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: string
  readonly shell?: string
  readonly cwd?: string
  /** Kills it, with all that it started, when it aborts. */
  readonly signal?: AbortSignal
}

/** Waits that suit servers next door; long enough for a cold start on a busy machine. */
const patience = { THINGDROP_RETRY_BASE_MS: '200', THINGDROP_TIMEOUT: '25' }

/** Runs the script as a user would, with a temporary folder and a home of its own. */
export async function runScript(args: readonly string[], options: ScriptOptions = {}): Promise<Ended> {
  const { environment, input = '', shell = 'sh', cwd = tmpdir() } = options
  const temporary = mkdtempSync(join(tmpdir(), 'thingdrop-script-'))
  try {
    const env = { PATH: process.env.PATH, HOME: temporary, TMPDIR: temporary, ...patience, ...environment }
    const [program = '', ...before] = shell.split(' ')
    const child = spawn(program, [...before, script, ...args], { cwd, env, detached: true })
    options.signal?.addEventListener('abort', () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'))
    // It may end before it has read what it was given.
    child.stdin.on('error', () => {}).end(input)
    const closed = once(child, 'close')
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    const [code] = await closed
    return { code, stdout, stderr, left: readdirSync(temporary) }
  } finally {
    rmSync(temporary, { recursive: true })
  }
}
