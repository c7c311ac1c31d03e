import { randomBytes, randomUUID } from 'node:crypto'
import type { Store } from '#local/store.ts'

interface NewMessage {
  readonly body: string
  /** MessageAttributes as JSON. */
  readonly attributes: string | null
  readonly traceHeader: string | null
  readonly senderId: string
}

export interface StoredMessage extends NewMessage {
  readonly sequence: number
  readonly id: string
  readonly sentAt: number
  readonly visibleAt: number
  readonly receiveCount: number
  readonly firstReceivedAt: number | null
  /** Names the newest delivery: an older receipt handle no longer fits. */
  readonly receipt: string | null
  /** ARN of the queue that gave it up, for a message in a dead-letter queue. */
  readonly source: string | null
}

interface MessageCounts {
  readonly visible: number
  readonly inFlight: number
  readonly delayed: number
}

/** Which delivery of which message a receipt handle stands for. */
export interface Receipt {
  readonly sequence: number
  readonly receipt: string
}

/** The messages of every queue in one table; times are milliseconds since the epoch. */
export interface MessageStore {
  send(queue: string, message: NewMessage, times: { sentAt: number; visibleAt: number }): string
  /** The oldest messages that may be received at `now`. */
  findVisible(queue: string, now: number, limit: number): StoredMessage[]
  /** Hides a message until `visibleAt` and counts the delivery. */
  deliver(message: StoredMessage, now: number, visibleAt: number): StoredMessage
  delete(queue: string, receipt: Receipt): boolean
  /** 'visible': the message is there, but nobody holds it. */
  hideUntil(queue: string, receipt: Receipt, now: number, visibleAt: number): 'changed' | 'visible' | 'missing'
  moveToDeadLetters(message: StoredMessage, deadLetterQueue: string, sourceArn: string, now: number): void
  /** A redriven message is a new one: new id, new time, never received. */
  redrive(message: StoredMessage, queue: string, now: number): void
  /** When the next hidden message shows up again. */
  nextVisibleAt(queue: string, now: number): number | undefined
  count(queue: string, now: number): MessageCounts
  deleteSentBefore(queue: string, time: number): void
  deleteAll(queue: string): void
}

const COLUMNS = `sequence, id, body, attributes, trace_header AS traceHeader, sender_id AS senderId, sent_at AS sentAt,
  visible_at AS visibleAt, receive_count AS receiveCount, first_received_at AS firstReceivedAt, receipt, source`

export function createMessageStore({ database }: Store): MessageStore {
  database.exec(`
    CREATE TABLE IF NOT EXISTS message (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT,
      trace_header TEXT, sender_id TEXT NOT NULL, sent_at INTEGER NOT NULL, visible_at INTEGER NOT NULL,
      receive_count INTEGER NOT NULL DEFAULT 0, first_received_at INTEGER, receipt TEXT, source TEXT);
    CREATE INDEX IF NOT EXISTS message_by_visibility ON message (queue, visible_at);
    CREATE INDEX IF NOT EXISTS message_by_age ON message (queue, sent_at);
  `)
  const insert = database.prepare(
    'INSERT INTO message (queue, id, body, attributes, trace_header, sender_id, sent_at, visible_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const visible = database.prepare(
    `SELECT ${COLUMNS} FROM message WHERE queue = ? AND visible_at <= ? ORDER BY visible_at, sequence LIMIT ?`,
  )
  const deliver = database.prepare(
    'UPDATE message SET visible_at = ?, receive_count = ?, first_received_at = ?, receipt = ? WHERE sequence = ?',
  )
  const remove = database.prepare('DELETE FROM message WHERE sequence = ? AND queue = ? AND receipt = ?')
  const find = database.prepare(
    'SELECT visible_at AS visibleAt FROM message WHERE sequence = ? AND queue = ? AND receipt = ?',
  )
  const hide = database.prepare('UPDATE message SET visible_at = ? WHERE sequence = ?')
  const bury = database.prepare(
    'UPDATE message SET queue = ?, source = ?, visible_at = ?, receipt = NULL WHERE sequence = ?',
  )
  const redrive = database.prepare(
    `UPDATE message SET queue = ?, id = ?, sent_at = ?, visible_at = ?, receive_count = 0, first_received_at = NULL,
     receipt = NULL, source = NULL WHERE sequence = ?`,
  )
  const next = database.prepare('SELECT MIN(visible_at) AS at FROM message WHERE queue = ? AND visible_at > ?')
  const countVisible = database.prepare('SELECT COUNT(*) AS count FROM message WHERE queue = ? AND visible_at <= ?')
  const countHidden = database.prepare(
    'SELECT COUNT(*) AS count, COUNT(receipt) AS received FROM message WHERE queue = ? AND visible_at > ?',
  )
  const expire = database.prepare('DELETE FROM message WHERE queue = ? AND sent_at < ?')
  const clear = database.prepare('DELETE FROM message WHERE queue = ?')

  return {
    send(queue, { body, attributes, traceHeader, senderId }, { sentAt, visibleAt }) {
      const id = randomUUID()
      insert.run(queue, id, body, attributes, traceHeader, senderId, sentAt, visibleAt)
      return id
    },
    findVisible: (queue, now, limit) => visible.all(queue, now, limit) as unknown as StoredMessage[],
    deliver(message, now, visibleAt) {
      const receiveCount = message.receiveCount + 1
      const firstReceivedAt = message.firstReceivedAt ?? now
      const receipt = randomBytes(16).toString('base64url')
      deliver.run(visibleAt, receiveCount, firstReceivedAt, receipt, message.sequence)
      return { ...message, visibleAt, receiveCount, firstReceivedAt, receipt }
    },
    delete: (queue, { sequence, receipt }) => remove.run(sequence, queue, receipt).changes === 1,
    hideUntil(queue, { sequence, receipt }, now, visibleAt) {
      const row = find.get(sequence, queue, receipt) as { visibleAt: number } | undefined
      if (!row) return 'missing'
      if (row.visibleAt <= now) return 'visible'
      hide.run(visibleAt, sequence)
      return 'changed'
    },
    // For a standard queue the time of sending stays (developer guide, dead-letter queue retention). Whether AWS
    // also keeps the receive count is not documented; it is kept here.
    moveToDeadLetters: (message, queue, source, now) => void bury.run(queue, source, now, message.sequence),
    redrive: (message, queue, now) => void redrive.run(queue, randomUUID(), now, now, message.sequence),
    nextVisibleAt: (queue, now) => (next.get(queue, now) as { at: number | null }).at ?? undefined,
    count(queue, now) {
      const { count: hidden, received } = countHidden.get(queue, now) as { count: number; received: number }
      const { count } = countVisible.get(queue, now) as { count: number }
      return { visible: count, inFlight: received, delayed: hidden - received }
    },
    deleteSentBefore: (queue, time) => void expire.run(queue, time),
    deleteAll: (queue) => void clear.run(queue),
  }
}
