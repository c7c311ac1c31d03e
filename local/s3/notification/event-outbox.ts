import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '#local/store.ts'
import type { GroupCommit } from '../storage/group-commit.ts'

export interface EventMessage {
  readonly queueArn: string
  readonly bucketArn: string
  readonly body: string
}

/** Puts a message on its queue; rejects when the queue did not take it. */
export type Notify = (message: EventMessage) => Promise<void> | void

/** Messages that are committed with the change they tell of, and delivered afterwards: at least once, in order for each queue. */
export interface EventOutbox {
  /** Part of the caller's transaction. */
  add(message: EventMessage): void
  /** Begins to deliver what was added; does not wait for it. */
  deliver(): void
  /** Sends one message now or fails. */
  send: Notify
  close(): Promise<void>
}

const batchSize = 64
const longestBackoffMs = 10_000

const schema = `
CREATE TABLE IF NOT EXISTS outbox (
  queue TEXT NOT NULL, id INTEGER NOT NULL, bucket TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (queue, id)) WITHOUT ROWID;
`

export function createEventOutbox(
  { database }: Store,
  { group, notify, log }: { group: GroupCommit; notify: Notify; log: (line: string) => void },
): EventOutbox {
  database.exec(schema)
  const insert = database.prepare('INSERT INTO outbox VALUES (?, ?, ?, ?)')
  const selectQueues = database.prepare('SELECT queue, max(id) AS last FROM outbox GROUP BY queue')
  const select = database.prepare(
    'SELECT id, queue AS queueArn, bucket AS bucketArn, body FROM outbox WHERE queue = ? AND id > ? ORDER BY id LIMIT ?',
  )
  const removeUpTo = database.prepare('DELETE FROM outbox WHERE queue = ? AND id <= ?')
  const left = selectQueues.all() as { queue: string; last: number }[]
  let lastId = Math.max(0, ...left.map(({ last }) => last))
  const waiting = new Set(left.map(({ queue }) => queue))
  /** The last message that each queue has; its row may still be there. */
  const delivered = new Map<string, number>()
  const deliveries = new Map<string, Promise<void>>()
  const closing = new AbortController()

  async function deliverTo(queue: string): Promise<void> {
    // Later, so that the client has its answer first and changes that come together are delivered together.
    await nextTurn()
    let failures = 0
    while (!closing.signal.aborted) {
      const messages = select.all(queue, delivered.get(queue) ?? 0, batchSize) as unknown as (EventMessage & {
        id: number
      })[]
      if (messages.length === 0) break
      try {
        for (const message of messages) {
          await notify(message)
          delivered.set(queue, message.id)
        }
        failures = 0
      } catch (error) {
        if (failures === 0) log(`S3 events wait for ${queue}: ${error}`)
        failures++
      }
      const upTo = delivered.get(queue)
      if (upTo !== undefined) group.commitLater(() => void removeUpTo.run(queue, upTo))
      if (failures > 0) await backOff(failures)
    }
    deliveries.delete(queue)
  }

  async function backOff(failures: number): Promise<void> {
    const pauseMs = Math.min(50 * 2 ** failures, longestBackoffMs)
    await delay(pauseMs, undefined, { signal: closing.signal, ref: false }).catch(() => {})
  }

  return {
    add({ queueArn, bucketArn, body }) {
      insert.run(queueArn, ++lastId, bucketArn, body)
      waiting.add(queueArn)
    },
    deliver() {
      for (const queue of waiting) if (!deliveries.has(queue)) deliveries.set(queue, deliverTo(queue))
      waiting.clear()
    },
    send: notify,
    async close() {
      closing.abort()
      await Promise.all(deliveries.values())
      group.flush()
    },
  }
}
