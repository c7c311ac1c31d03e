import type { Store } from '#local/store.ts'

/** A QoS 1 message on its way to a client. aedes knows it by the broker's counter until it has a message id. */
export interface QueuedMessage {
  readonly brokerId: string
  readonly brokerCounter: number
  readonly topic: string
  readonly payload: Buffer
  readonly messageId?: number | undefined
}

/** The QoS 1 messages that clients with persistent sessions have not acknowledged, on disk and in order. */
export interface SessionQueue {
  put(clientId: string, message: QueuedMessage): void
  /** False when the message is not in the queue. */
  number(clientId: string, message: QueuedMessage): boolean
  /** Returns what it took out of the queue. */
  acknowledge(clientId: string, messageId: number): QueuedMessage | undefined
  discard(clientId: string, message: QueuedMessage): void
  /** What is in the queue now, message by message, so that a long queue is never in memory at once. */
  read(clientId: string): Generator<QueuedMessage>
  removeAll(clientId: string): void
}

export function createSessionQueue({ database }: Store): SessionQueue {
  database.exec(
    'CREATE TABLE IF NOT EXISTS queued (sequence INTEGER PRIMARY KEY, client_id TEXT NOT NULL, broker_id TEXT NOT NULL, broker_counter INTEGER NOT NULL, message_id INTEGER, topic TEXT NOT NULL, payload BLOB NOT NULL)',
  )
  database.exec('CREATE INDEX IF NOT EXISTS queued_by_client ON queued (client_id, sequence)')
  database.exec('CREATE INDEX IF NOT EXISTS queued_by_message ON queued (client_id, message_id)')
  database.exec('CREATE INDEX IF NOT EXISTS queued_by_counter ON queued (client_id, broker_counter)')
  const insert = database.prepare(
    'INSERT INTO queued (client_id, broker_id, broker_counter, topic, payload) VALUES (?, ?, ?, ?, ?)',
  )
  const number = database.prepare(
    'UPDATE queued SET message_id = ? WHERE client_id = ? AND broker_counter = ? AND broker_id = ?',
  )
  const take = database.prepare('DELETE FROM queued WHERE client_id = ? AND message_id = ? RETURNING *')
  const discard = database.prepare('DELETE FROM queued WHERE client_id = ? AND broker_counter = ? AND broker_id = ?')
  const last = database.prepare('SELECT max(sequence) AS sequence FROM queued')
  const next = database.prepare(
    'SELECT * FROM queued WHERE client_id = ? AND sequence > ? AND sequence <= ? ORDER BY sequence LIMIT 1',
  )
  const removeAll = database.prepare('DELETE FROM queued WHERE client_id = ?')

  return {
    put: (clientId, { brokerId, brokerCounter, topic, payload }) =>
      void insert.run(clientId, brokerId, brokerCounter, topic, payload),
    number: (clientId, { brokerId, brokerCounter, messageId }) =>
      Number(number.run(messageId ?? null, clientId, brokerCounter, brokerId).changes) > 0,
    acknowledge(clientId, messageId) {
      const row = take.get(clientId, messageId) as Row | undefined
      return row && read(row)
    },
    discard: (clientId, { brokerId, brokerCounter }) => void discard.run(clientId, brokerCounter, brokerId),
    *read(clientId) {
      const { sequence: end } = last.get() as { sequence: number | null }
      let row = next.get(clientId, 0, end) as Row | undefined
      while (row) {
        yield read(row)
        row = next.get(clientId, row.sequence, end) as Row | undefined
      }
    },
    removeAll: (clientId) => void removeAll.run(clientId),
  }
}

interface Row {
  readonly sequence: number
  readonly broker_id: string
  readonly broker_counter: number
  readonly message_id: number | null
  readonly topic: string
  readonly payload: Uint8Array
}

function read(row: Row): QueuedMessage {
  return {
    brokerId: row.broker_id,
    brokerCounter: row.broker_counter,
    topic: row.topic,
    payload: Buffer.from(row.payload),
    messageId: row.message_id ?? undefined,
  }
}
