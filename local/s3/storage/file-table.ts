import type { DatabaseSync } from 'node:sqlite'
import type { DataFiles } from './data-files.ts'
import type { Location } from './object-version.ts'
import type { Content } from './receive-content.ts'

/** Counts how many pieces of data each file holds that something refers to. */
export interface FileTable {
  /** Small data is appended to a file of many; the rest has a file of its own already. */
  add(content: Content): Location
  /** Returns whether nothing in the file is referred to any more. */
  release(file: string): boolean
}

/** Opens the table, and removes the files that nothing refers to. */
export function openFileTable(database: DatabaseSync, files: DataFiles): FileTable {
  database.exec('CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, live INTEGER NOT NULL) WITHOUT ROWID')
  const count = database.prepare('INSERT INTO file VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET live = live + 1')
  const discount = database.prepare('UPDATE file SET live = live - 1 WHERE name = ? RETURNING live')
  const remove = database.prepare('DELETE FROM file WHERE name = ?')
  const select = database.prepare('SELECT 1 FROM file WHERE name = ?')
  // A file of many that was emptied while it was the one being filled.
  database.exec('DELETE FROM file WHERE live = 0')
  files.sweep((name) => select.get(name) !== undefined)

  return {
    add({ place }) {
      const location = 'file' in place ? { file: place.file, offset: 0 } : files.packs.append(place.bytes)
      count.run(location.file)
      return location
    },
    release(file) {
      const { live } = discount.get(file) as { live: number }
      if (live > 0 || files.packs.isOpen(file)) return false
      remove.run(file)
      return true
    },
  }
}
