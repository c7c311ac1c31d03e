import type { Store } from '#local/store.ts'
import { matchesTopicFilter } from '../topic-filter.ts'

export interface SessionSubscription {
  readonly clientId: string
  readonly topic: string
  readonly qos: 0 | 1
}

/** What persistent sessions subscribed to: on disk, and in memory by filter. */
export interface SessionSubscriptions {
  put(subscription: SessionSubscription): void
  remove(clientId: string, filter: string): void
  removeAll(clientId: string): void
  ofClient(clientId: string): SessionSubscription[]
  /** Everyone who has a session. */
  clients(): string[]
  /** One for each client, of the highest QoS: a message waits once for a client, whatever filters match it. */
  matching(topic: string): SessionSubscription[]
}

export function createSessionSubscriptions({ database }: Store): SessionSubscriptions {
  database.exec(
    'CREATE TABLE IF NOT EXISTS subscription (client_id TEXT NOT NULL, filter TEXT NOT NULL, qos INTEGER NOT NULL, PRIMARY KEY (client_id, filter)) WITHOUT ROWID',
  )
  const upsert = database.prepare('INSERT OR REPLACE INTO subscription VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM subscription WHERE client_id = ? AND filter = ?')
  const byClient = database.prepare('SELECT client_id, filter, qos FROM subscription WHERE client_id = ?')
  const all = database.prepare('SELECT client_id, filter, qos FROM subscription')
  const clients = database.prepare('SELECT DISTINCT client_id FROM subscription')

  const exact = new Map<string, Map<string, SessionSubscription>>()
  const wild = new Map<string, Map<string, SessionSubscription>>()
  const sideOf = (filter: string) => (/[+#]/.test(filter) ? wild : exact)

  const remember = (subscription: SessionSubscription) => {
    const side = sideOf(subscription.topic)
    const clients = side.get(subscription.topic) ?? new Map()
    side.set(subscription.topic, clients.set(subscription.clientId, subscription))
  }
  const forget = (clientId: string, filter: string) => {
    const clients = sideOf(filter).get(filter)
    clients?.delete(clientId)
    if (clients?.size === 0) sideOf(filter).delete(filter)
  }
  const ofClient = (clientId: string) => (byClient.all(clientId) as unknown as Row[]).map(read)
  for (const row of all.all() as unknown as Row[]) remember(read(row))

  const subscriptions: SessionSubscriptions = {
    put(subscription) {
      upsert.run(subscription.clientId, subscription.topic, subscription.qos)
      remember(subscription)
    },
    remove(clientId, filter) {
      remove.run(clientId, filter)
      forget(clientId, filter)
    },
    removeAll(clientId) {
      for (const { topic } of ofClient(clientId)) subscriptions.remove(clientId, topic)
    },
    ofClient,
    clients: () => (clients.all() as { client_id: string }[]).map(({ client_id }) => client_id),
    matching(topic) {
      const found = new Map(exact.get(topic))
      for (const [filter, clients] of wild) {
        if (!matchesTopicFilter(filter, topic)) continue
        for (const [clientId, subscription] of clients) {
          if (subscription.qos >= (found.get(clientId)?.qos ?? 0)) found.set(clientId, subscription)
        }
      }
      return [...found.values()]
    },
  }
  return subscriptions
}

interface Row {
  readonly client_id: string
  readonly filter: string
  readonly qos: 0 | 1
}

function read({ client_id, filter, qos }: Row): SessionSubscription {
  return { clientId: client_id, topic: filter, qos }
}
