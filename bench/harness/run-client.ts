import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { pinned } from './pin-process.ts'
import { peakMemoryBytes } from './process-figures.ts'

/** A program that uploads, as its user would start it. */
export interface ClientCommand {
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface ClientRun {
  readonly seconds: number
  /** When it was started, on the clock of performance.timeOrigin. */
  readonly startedMs: number
  /** The most that it had at any look, 100 in a second; NaN where there is no /proc. */
  readonly peakBytes: number
}

const lookEveryMs = 10

/** Runs a client to its end, on a core of its own. Rejects when it fails. */
export async function runClient({ command, env }: ClientCommand): Promise<ClientRun> {
  const [program = '', ...args] = pinned(command)
  const startedMs = performance.timeOrigin + performance.now()
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  })
  let peakBytes = Number.NaN
  const look = () => {
    const now = isStarted(child.pid ?? 0, command[0] ?? '') ? peakMemoryBytes(child.pid ?? 0) : undefined
    if (now !== undefined) peakBytes = Math.max(now, Number.isNaN(peakBytes) ? 0 : peakBytes)
  }
  const timer = setInterval(look, lookEveryMs)
  const [[code], complaint] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  const seconds = (performance.timeOrigin + performance.now() - startedMs) / 1000
  clearInterval(timer)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${complaint}`)
  return { seconds, startedMs, peakBytes }
}

/** Not this program's own copy any more, as which a child begins. */
function isStarted(pid: number, program: string): boolean {
  try {
    const [first = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return first !== 'taskset' && !(first === process.execPath && program !== process.execPath)
  } catch {
    return false
  }
}
