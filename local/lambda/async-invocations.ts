import { setTimeout } from 'node:timers/promises'
import type { Store } from '#local/store.ts'
import type { Invoker } from './invoke-function.ts'

interface Waiting {
  readonly name: string
  readonly payload: string
  readonly requestId: string
  readonly attempts: number
  readonly dueAtMs: number
}

export interface AsyncInvocationsOptions {
  readonly store: Store
  readonly invoker: Invoker
  readonly clock: () => Date
  /** Lambda tries again after one minute, and then after two. */
  readonly retryDelaysMs: readonly number[]
  /** An event that failed for good. */
  readonly giveUp: (name: string, payload: string, requestId: string, reason: string) => Promise<void>
  readonly log: (line: string) => void
}

export type AsyncInvocations = ReturnType<typeof createAsyncInvocations>

/** Events that were accepted and not yet handled: they survive a restart. */
export function createAsyncInvocations(options: AsyncInvocationsOptions) {
  const { store, invoker, clock, retryDelaysMs, giveUp, log } = options
  const waiting = store.collection<Waiting>('async-invocation')
  const stopped = new AbortController()

  async function attempt({ name, payload, requestId }: Waiting): Promise<string | undefined> {
    try {
      const outcome = await invoker.invoke(name, payload, requestId)
      return 'error' in outcome ? `${outcome.error.errorType}: ${outcome.error.errorMessage}` : undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  async function run(entry: Waiting): Promise<void> {
    const id = entry.requestId
    const delayMs = entry.dueAtMs - clock().getTime()
    if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: stopped.signal, ref: false })
    const failure = await attempt(entry)
    if (stopped.signal.aborted) return
    const retryDelayMs = retryDelaysMs[entry.attempts]
    if (failure === undefined) {
      waiting.delete(id)
    } else if (retryDelayMs === undefined) {
      log(`${entry.name}: event ${id} was given up after ${entry.attempts + 1} attempts: ${failure}`)
      await giveUp(entry.name, entry.payload, id, failure)
      waiting.delete(id)
    } else {
      const next = { ...entry, attempts: entry.attempts + 1, dueAtMs: clock().getTime() + retryDelayMs }
      waiting.put(id, next)
      await run(next)
    }
  }

  function start(entry: Waiting): void {
    run(entry).catch((error) => {
      if (!stopped.signal.aborted) log(`${entry.name}: event ${entry.requestId}: ${(error as Error).message}`)
    })
  }

  return {
    add(name: string, payload: string, requestId: string): void {
      const entry = { name, payload, requestId, attempts: 0, dueAtMs: clock().getTime() }
      waiting.put(requestId, entry)
      start(entry)
    },
    /** Takes up what an earlier run left. */
    start(): void {
      for (const { value } of waiting.list()) start(value)
    },
    stop: () => stopped.abort(),
  }
}
