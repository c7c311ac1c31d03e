import type { DatabaseSync } from 'node:sqlite'
import type { Content } from './receive-content.ts'

/** Where the data of each piece is: in its row, or in the file that the row names. */
export interface DataTable {
  add(content: Content): number
  /** Returns the name of the file that is no longer referred to. */
  remove(data: number): string | undefined
  locate(data: number): Content['place']
  hasFile(name: string): boolean
}

export function openDataTable(database: DatabaseSync): DataTable {
  database.exec('CREATE TABLE IF NOT EXISTS data (id INTEGER PRIMARY KEY, file TEXT, bytes BLOB)')
  database.exec('CREATE UNIQUE INDEX IF NOT EXISTS data_by_file ON data (file) WHERE file IS NOT NULL')
  const insert = database.prepare('INSERT INTO data (file, bytes) VALUES (?, ?)')
  const remove = database.prepare('DELETE FROM data WHERE id = ? RETURNING file')
  const select = database.prepare('SELECT file, bytes FROM data WHERE id = ?')
  const selectByFile = database.prepare('SELECT 1 FROM data WHERE file = ?')

  return {
    add({ place }) {
      const [file, bytes] = 'file' in place ? [place.file, null] : [null, place.bytes]
      return Number(insert.run(file, bytes).lastInsertRowid)
    },
    remove: (data) => (remove.get(data) as { file: string | null } | undefined)?.file ?? undefined,
    locate(data) {
      const row = select.get(data) as { file: string | null; bytes: Uint8Array } | undefined
      if (!row) throw new Error(`the index refers to data ${data}, which is not there`)
      if (row.file) return { file: row.file }
      return { bytes: Buffer.from(row.bytes.buffer, row.bytes.byteOffset, row.bytes.length) }
    },
    hasFile: (name) => selectByFile.get(name) !== undefined,
  }
}
