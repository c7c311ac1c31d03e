import type { DatabaseSync } from 'node:sqlite'
import type { DataFiles } from './data-files.ts'
import type { Content } from './receive-content.ts'

/** Where the data of each piece is: in its row, or in the file that the row names. */
export interface DataTable {
  add(content: Content): number
  remove(data: number): void
  locate(data: number): Content['place']
  /** Runs a transaction, and removes the files of the data that it removed once it stands. */
  settle<R>(transaction: () => R): R
}

export function openDataTable(database: DatabaseSync, files: DataFiles): DataTable {
  database.exec('CREATE TABLE IF NOT EXISTS data (id INTEGER PRIMARY KEY, file TEXT UNIQUE, bytes BLOB)')
  const insert = database.prepare('INSERT INTO data (file, bytes) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM data WHERE id = ? RETURNING file')
  const select = database.prepare('SELECT file, bytes FROM data WHERE id = ?')
  const isKnown = database.prepare('SELECT 1 FROM data WHERE file = ?')
  files.sweep((name) => isKnown.get(name) !== undefined)
  let removed: string[] = []

  return {
    add({ place }) {
      const [file, bytes] = 'file' in place ? [place.file, null] : [null, place.bytes]
      return Number(insert.run(file, bytes).lastInsertRowid)
    },
    remove(data) {
      const row = remove.get(data) as { file: string | null } | undefined
      if (row?.file) removed.push(row.file)
    },
    locate(data) {
      const row = select.get(data) as { file: string | null; bytes: Uint8Array } | undefined
      if (!row) throw new Error(`the index refers to data ${data}, which is not there`)
      if (row.file) return { file: row.file }
      return { bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.length) }
    },
    settle(transaction) {
      removed = []
      const result = transaction()
      for (const file of removed) files.remove(file)
      return result
    },
  }
}
