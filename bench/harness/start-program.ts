import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A program of programs/ in a process of its own: what is measured shares no event loop with what measures. */
export interface Program<Ready> {
  readonly pid: number
  /** Its first message. */
  readonly ready: Ready
  /** Sends a message and returns the next one that comes. */
  ask<Answer>(question: object): Promise<Answer>
  stop(): Promise<void>
}

const folder = join(import.meta.dirname, '../programs')

/** Rejects when the program ends before it has sent its first message. */
export async function startProgram<Ready>(name: string, args: readonly string[] = []): Promise<Program<Ready>> {
  const child = fork(join(folder, `${name}.ts`), args)
  const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`${name} ended with ${code}`)))
  ended.catch(() => {})
  const nextMessage = async () => {
    const [message] = await Promise.race([once(child, 'message'), ended])
    return message
  }
  const ready = (await nextMessage()) as Ready
  return {
    pid: child.pid ?? 0,
    ready,
    async ask<Answer>(question: object) {
      child.send(question)
      return (await nextMessage()) as Answer
    },
    async stop() {
      // Every program ends when its parent is gone.
      if (child.connected) child.disconnect()
      await ended.catch(() => {})
    },
  }
}
