import type { Store } from '#local/store.ts'
import { matchesTopicFilter } from '../topic-filter.ts'

interface SessionSubscription {
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
  const all = database.prepare('SELECT client_id, filter, qos FROM subscription')

  const byClient: Index = new Map()
  const exact: Index = new Map()
  const wild: Index = new Map()
  const sideOf = (filter: string) => (/[+#]/.test(filter) ? wild : exact)
  const remember = (subscription: SessionSubscription) => {
    insert(byClient, subscription.clientId, subscription.topic, subscription)
    insert(sideOf(subscription.topic), subscription.topic, subscription.clientId, subscription)
  }
  for (const row of all.all() as unknown as Row[]) remember(read(row))

  const subscriptions: SessionSubscriptions = {
    put(subscription) {
      upsert.run(subscription.clientId, subscription.topic, subscription.qos)
      remember(subscription)
    },
    remove(clientId, filter) {
      remove.run(clientId, filter)
      drop(byClient, clientId, filter)
      drop(sideOf(filter), filter, clientId)
    },
    removeAll(clientId) {
      for (const { topic } of subscriptions.ofClient(clientId)) subscriptions.remove(clientId, topic)
    },
    ofClient: (clientId) => [...(byClient.get(clientId)?.values() ?? [])],
    clients: () => [...byClient.keys()],
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

type Index = Map<string, Map<string, SessionSubscription>>

function insert(index: Index, first: string, second: string, subscription: SessionSubscription): void {
  const entries = index.get(first) ?? new Map<string, SessionSubscription>()
  index.set(first, entries.set(second, subscription))
}

function drop(index: Index, first: string, second: string): void {
  const entries = index.get(first)
  entries?.delete(second)
  if (entries?.size === 0) index.delete(first)
}

interface Row {
  readonly client_id: string
  readonly filter: string
  readonly qos: 0 | 1
}

function read({ client_id, filter, qos }: Row): SessionSubscription {
  return { clientId: client_id, topic: filter, qos }
}
