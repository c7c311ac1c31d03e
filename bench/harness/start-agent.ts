import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { pinned } from './pin-process.ts'
import type { ClientCommand } from './run-client.ts'

export interface RunningAgent {
  readonly pid: number
  /** Resolves when its log tells that it sent a file of this name. */
  sent(name: string): Promise<void>
  stop(): Promise<void>
}

/** `thingdrop-device run` as its user would start it; resolves when it is up. */
export async function startAgent({ command, env }: ClientCommand): Promise<RunningAgent> {
  const [program = '', ...args] = pinned([...command, '--log-format', 'json'])
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
  const waiting = new Map<string, () => void>()
  const early = new Set<string>()
  const up = Promise.withResolvers<void>()
  createInterface(child.stderr).on('line', (line) => {
    if (!line.startsWith('{')) return void process.stderr.write(`${line}\n`)
    const { message = '', file = '' } = JSON.parse(line) as { message?: string; file?: string }
    if (message.startsWith('running as')) up.resolve()
    if (!message.startsWith('sent ')) return
    waiting.get(file)?.()
    if (!waiting.delete(file)) early.add(file)
  })
  const ended = once(child, 'exit')
  await Promise.race([up.promise, ended.then(([code]) => Promise.reject(new Error(`the agent ended with ${code}`)))])
  return {
    pid: child.pid ?? 0,
    async sent(name) {
      if (early.delete(name)) return
      await new Promise<void>((resolve) => waiting.set(name, resolve))
    },
    async stop() {
      child.kill()
      await ended
    },
  }
}
