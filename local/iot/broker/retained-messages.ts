import type { Store } from '#local/store.ts'
import { matchesTopicFilter } from '../topic-filter.ts'

interface RetainedMessage {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1
  readonly modifiedAtMs: number
}

/** The last retained message of each topic, on disk. */
export interface RetainedMessages {
  /** An empty payload removes what was retained (MQTT 3.1.1, 3.3.1.3). */
  put(message: RetainedMessage): void
  get(topic: string): RetainedMessage | undefined
  matching(filter: string): RetainedMessage[]
  /** In the order of their topics, from the first one after `after`. */
  list(range: { after: string; limit: number }): RetainedMessage[]
}

interface Row {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: 0 | 1
  readonly modified_at_ms: number
}

export function createRetainedMessages({ database }: Store): RetainedMessages {
  database.exec(
    'CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL, modified_at_ms INTEGER NOT NULL) WITHOUT ROWID',
  )
  const upsert = database.prepare('INSERT OR REPLACE INTO retained VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM retained WHERE topic = ?')
  const select = database.prepare('SELECT * FROM retained WHERE topic = ?')
  const selectTopics = database.prepare('SELECT topic FROM retained')
  const range = database.prepare('SELECT * FROM retained WHERE topic > ? ORDER BY topic LIMIT ?')

  const get = (topic: string) => {
    const row = select.get(topic) as Row | undefined
    return row && read(row)
  }

  return {
    put({ topic, payload, qos, modifiedAtMs }) {
      if (payload.length === 0) remove.run(topic)
      else upsert.run(topic, payload, qos, modifiedAtMs)
    },
    get,
    matching(filter) {
      if (!/[+#]/.test(filter)) return [get(filter)].filter((message) => message !== undefined)
      return (selectTopics.all() as { topic: string }[])
        .filter(({ topic }) => matchesTopicFilter(filter, topic))
        .map(({ topic }) => get(topic))
        .filter((message) => message !== undefined)
    },
    list: ({ after, limit }) => (range.all(after, limit) as unknown as Row[]).map(read),
  }
}

function read({ topic, payload, qos, modified_at_ms }: Row): RetainedMessage {
  return { topic, payload: Buffer.from(payload), qos, modifiedAtMs: modified_at_ms }
}
