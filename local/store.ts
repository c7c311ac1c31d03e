import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** JSON documents of one kind, ordered by id (binary order). */
export interface Collection<T> {
  get(id: string): T | undefined
  put(id: string, value: T): void
  /** False, and nothing written, when the id is taken. */
  create(id: string, value: T): boolean
  delete(id: string): boolean
  list(range?: { after?: string; prefix?: string; limit?: number }): { id: string; value: T }[]
}

/** One SQLite file: what is written has reached the operating system when the call returns, so it survives a kill. */
export interface Store {
  readonly database: DatabaseSync
  collection<T>(name: string): Collection<T>
  /** All or nothing; runs without yielding. Nested calls join the outer transaction. */
  transaction<R>(work: () => R): R
  close(): void
}

export function openStore(file: string): Store {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000')
  database.exec(
    'CREATE TABLE IF NOT EXISTS document (collection TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (collection, id)) WITHOUT ROWID',
  )
  const select = database.prepare('SELECT json FROM document WHERE collection = ? AND id = ?')
  const upsert = database.prepare('INSERT OR REPLACE INTO document VALUES (?, ?, ?)')
  const insert = database.prepare('INSERT OR IGNORE INTO document VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM document WHERE collection = ? AND id = ?')
  const range = database.prepare(
    'SELECT id, json FROM document WHERE collection = ? AND id > ? AND id >= ? AND id < ? ORDER BY id LIMIT ?',
  )

  return {
    database,
    collection: <T>(name: string): Collection<T> => ({
      get(id) {
        const row = select.get(name, id) as { json: string } | undefined
        return row && (JSON.parse(row.json) as T)
      },
      put: (id, value) => void upsert.run(name, id, JSON.stringify(value)),
      create: (id, value) => insert.run(name, id, JSON.stringify(value)).changes === 1,
      delete: (id) => remove.run(name, id).changes === 1,
      list({ after = '', prefix = '', limit = -1 } = {}) {
        // U+10FFFF is the highest code point, so it ends a prefix's range in SQLite's binary order of UTF-8.
        const rows = range.all(name, after, prefix, `${prefix}\u{10FFFF}`, limit) as { id: string; json: string }[]
        return rows.map((row) => ({ id: row.id, value: JSON.parse(row.json) as T }))
      },
    }),
    transaction(work) {
      if (database.isTransaction) return work()
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        database.exec('COMMIT')
        return result
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    },
    close: () => database.close(),
  }
}
