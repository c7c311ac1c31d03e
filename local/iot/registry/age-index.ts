import type { Store } from '#local/store.ts'

export interface AgeRange {
  readonly descending: boolean
  readonly limit: number
  readonly after?: AgeCursor | undefined
}

interface AgeCursor {
  readonly createdAtMs: number
  readonly id: string
}

export interface Aged<T> extends AgeCursor {
  readonly value: T
}

/** Lists documents that have a `createdAtMs` by it, from an index, so that a page costs the same at any depth. */
export function createAgeIndex(store: Store): <T>(collection: string, range: AgeRange) => Aged<T>[] {
  const age = `json ->> 'createdAtMs'`
  store.database.exec(`CREATE INDEX IF NOT EXISTS document_age ON document (collection, ${age}, id)`)
  const prepare = (comparison: '<' | '>', order: 'ASC' | 'DESC') =>
    store.database.prepare(
      `SELECT id, json, ${age} AS createdAtMs FROM document WHERE collection = ? AND (${age}, id) ${comparison} (?, ?)
       ORDER BY ${age} ${order}, id ${order} LIMIT ?`,
    )
  const ascending = prepare('>', 'ASC')
  const descending = prepare('<', 'DESC')

  return <T>(collection: string, range: AgeRange) => {
    const start = range.after ?? { createdAtMs: range.descending ? Number.MAX_SAFE_INTEGER : -1, id: '' }
    const statement = range.descending ? descending : ascending
    const rows = statement.all(collection, start.createdAtMs, start.id, range.limit) as {
      id: string
      json: string
      createdAtMs: number
    }[]
    return rows.map(({ id, json, createdAtMs }) => ({ id, createdAtMs, value: JSON.parse(json) as T }))
  }
}
