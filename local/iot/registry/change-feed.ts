import { EventEmitter } from 'node:events'
import type { Collection, Store } from '#local/store.ts'
import type { Registry, RegistryChange } from './types.ts'

export interface ChangeFeed {
  readonly changes: Registry['changes']
  report(change: RegistryChange): void
  /** A collection that reports each write. */
  observed<T>(kind: RegistryChange['kind']): Collection<T>
  /** Store.transaction that holds reports back until the commit and drops them on a rollback. */
  transaction<R>(work: () => R): R
}

export function createChangeFeed(store: Store): ChangeFeed {
  const changes: Registry['changes'] = new EventEmitter()
  changes.setMaxListeners(0)
  let held: RegistryChange[] = []

  function report(change: RegistryChange): void {
    if (store.database.isTransaction) held.push(change)
    else changes.emit('change', change)
  }

  function transaction<R>(work: () => R): R {
    if (store.database.isTransaction) return work()
    try {
      const result = store.transaction(work)
      const committed = held
      held = []
      for (const change of committed) changes.emit('change', change)
      return result
    } catch (error) {
      held = []
      throw error
    }
  }

  return {
    changes,
    report,
    transaction,
    observed<T>(kind: RegistryChange['kind']): Collection<T> {
      const collection = store.collection<T>(kind)
      return {
        ...collection,
        put(id, value) {
          collection.put(id, value)
          report({ kind, id })
        },
        create(id, value) {
          const created = collection.create(id, value)
          if (created) report({ kind, id })
          return created
        },
        delete(id) {
          const deleted = collection.delete(id)
          if (deleted) report({ kind, id })
          return deleted
        },
      }
    },
  }
}
