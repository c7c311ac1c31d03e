import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { AwsError } from '#local/service.ts'
import type { Store } from '#local/store.ts'
import type { Event } from './event.ts'
import { parseInputPath } from './input-path.ts'
import type { Rule, RuleTarget } from './rule-store.ts'

/** What a target is to get. */
export interface Delivery {
  readonly ruleArn: string
  readonly targetArn: string
  readonly payload: string
}

interface Waiting extends Delivery {
  readonly acceptedAtMs: number
  readonly dueAtMs: number
  readonly attempts: number
}

export interface DeliveriesOptions {
  readonly store: Store
  readonly send: (delivery: Delivery) => Promise<void>
  readonly clock: () => Date
  readonly log: (line: string) => void
}

export type Deliveries = ReturnType<typeof createDeliveries>

/** EventBridge's defaults: 24 hours and up to 185 retries. */
const maxAgeMs = 24 * 3_600_000
const maxRetries = 185
const longestDelayMs = 10 * 60_000

/** What was accepted for a target and has not reached it: kept on disk, and handed on at least once. */
export function createDeliveries({ store, send, clock, log }: DeliveriesOptions) {
  const waiting = store.collection<Waiting>('delivery')
  const stopped = new AbortController()
  const running = new Map<string, Promise<void>>()

  async function run(id: string): Promise<void> {
    for (let entry = waiting.get(id); entry; entry = waiting.get(id)) {
      const delayMs = entry.dueAtMs - clock().getTime()
      if (delayMs > 0) await setTimeout(delayMs, undefined, { signal: stopped.signal, ref: false })
      if (stopped.signal.aborted) return
      const failure = await send(entry).catch((error: Error) => error)
      if (failure) settleFailure(id, entry, failure)
      else waiting.delete(id)
    }
  }

  function settleFailure(id: string, entry: Waiting, failure: Error): void {
    const nowMs = clock().getTime()
    if (isFinal(failure) || entry.attempts >= maxRetries || nowMs - entry.acceptedAtMs > maxAgeMs) {
      log(`${entry.ruleArn}: an event for ${entry.targetArn} was dropped: ${failure.message}`)
      waiting.delete(id)
      return
    }
    const delayMs = Math.min(1000 * 2 ** entry.attempts, longestDelayMs)
    waiting.put(id, { ...entry, attempts: entry.attempts + 1, dueAtMs: nowMs + delayMs })
  }

  function start(id: string): void {
    if (running.has(id) || stopped.signal.aborted) return
    const ended = run(id)
      .catch((error: Error) => {
        if (!stopped.signal.aborted) log(`event delivery ${id}: ${error.message}`)
      })
      .finally(() => running.delete(id))
    running.set(id, ended)
  }

  return {
    /** Accepts an event for every target of a rule; joins a transaction, and nothing starts before that has ended. */
    add(rule: Rule, event: Event): void {
      const nowMs = clock().getTime()
      for (const target of rule.targets) {
        const delivery = { ruleArn: rule.arn, targetArn: target.Arn, payload: payloadFor(target, event) }
        const id = randomUUID()
        waiting.put(id, { ...delivery, acceptedAtMs: nowMs, dueAtMs: nowMs, attempts: 0 })
        queueMicrotask(() => start(id))
      }
    },
    /** Takes up what an earlier run left. */
    start(): void {
      for (const { id } of waiting.list()) start(id)
    },
    async close(): Promise<void> {
      stopped.abort()
      await Promise.all(running.values())
    },
  }
}

function payloadFor({ Input, InputPath }: RuleTarget, event: Event): string {
  if (Input !== undefined) return Input
  const part = InputPath === undefined ? event : parseInputPath(InputPath)?.(event)
  return JSON.stringify(part ?? null)
}

/** Not tried again: no permission, no such target, too large (user guide, "Retrying event delivery"). */
function isFinal(failure: Error): boolean {
  if (!(failure instanceof AwsError)) return false
  return failure.code === 'NotImplemented' || (failure.status < 500 && failure.status !== 429)
}
