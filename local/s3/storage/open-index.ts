import type { Store } from '#local/store.ts'
import { createSequence } from './create-sequence.ts'
import type { DataFiles } from './data-files.ts'
import { openFileTable } from './file-table.ts'
import type { GroupCommit } from './group-commit.ts'
import type { Location, ObjectVersion, StoredObject, Version } from './object-version.ts'
import type { Content } from './receive-content.ts'

/** The index of all buckets' objects. Keys stand as UTF-8 bytes, whose order is S3's. */
export interface ObjectIndex {
  /** The newest version of a key, which may be a delete marker. */
  newest(bucket: string, key: string): Version | undefined
  find(bucket: string, key: string, versionId: string): Version | undefined
  /** Current objects, delete markers left out; `from` is included, `until` is not. */
  current(bucket: string, from: Buffer, until: Buffer, limit: number): ObjectVersion[]
  /** Every version, newest first within a key; of the key `from` only those below a sequence. */
  versions(bucket: string, from: Buffer, below: number, until: Buffer, limit: number): Version[]
  isEmpty(bucket: string): boolean
  /** All or nothing, without yielding; files of removed data go once the change stands. */
  commit<R>(change: (writer: IndexWriter) => R): Promise<R>
  /** Greater than any number before, restarts included; follows the clock. */
  nextSequence(): number
}

export interface IndexWriter {
  addData(content: Content): Location
  removeData(location: Location): void
  /** Adds a key's newest version; `newest` is what it was before, if the key had any. */
  add(version: Omit<Version, 'isLatest'>, newest: Version | undefined): void
  /** Removes a version with its data; the one before it takes its place if it was the newest. */
  remove(version: Version): void
  /** Changes what can change of a version: its tags. */
  update(version: Version, object: StoredObject): void
}

interface Row {
  bucket: string
  key: Uint8Array
  sequence: number
  id: string
  latest: number
  modified: number
  object: string | null
}

const schema = `
CREATE TABLE IF NOT EXISTS version (
  bucket TEXT NOT NULL, key BLOB NOT NULL, sequence INTEGER NOT NULL, id TEXT NOT NULL, latest INTEGER NOT NULL,
  modified INTEGER NOT NULL, object TEXT, PRIMARY KEY (bucket, key, sequence DESC)) WITHOUT ROWID;
`

export function openIndex(
  { database }: Store,
  { files, group, clock }: { files: DataFiles; group: GroupCommit; clock: () => Date },
): ObjectIndex {
  database.exec(schema)
  const fileTable = openFileTable(database, files)
  const selectNewest = database.prepare(
    'SELECT * FROM version WHERE bucket = ? AND key = ? ORDER BY sequence DESC LIMIT 1',
  )
  const selectOne = database.prepare(
    'SELECT * FROM version WHERE bucket = ? AND key = ? AND id = ? ORDER BY sequence DESC LIMIT 1',
  )
  const selectCurrent = database.prepare(
    'SELECT * FROM version WHERE bucket = ? AND key >= ? AND key < ? AND latest AND object IS NOT NULL ORDER BY key LIMIT ?',
  )
  const selectVersions = database.prepare(
    'SELECT * FROM version WHERE bucket = ? AND key >= ? AND key < ? AND (key > ? OR sequence < ?) ORDER BY key, sequence DESC LIMIT ?',
  )
  const selectAny = database.prepare('SELECT 1 FROM version WHERE bucket = ? LIMIT 1')
  const insert = database.prepare('INSERT INTO version VALUES (?, ?, ?, ?, 1, ?, ?)')
  const supersede = database.prepare('UPDATE version SET latest = 0 WHERE bucket = ? AND key = ? AND latest')
  const remove = database.prepare('DELETE FROM version WHERE bucket = ? AND key = ? AND sequence = ?')
  const promote = database.prepare(
    'UPDATE version SET latest = 1 WHERE bucket = ?1 AND key = ?2 AND sequence = (SELECT max(sequence) FROM version WHERE bucket = ?1 AND key = ?2)',
  )
  const update = database.prepare('UPDATE version SET object = ? WHERE bucket = ? AND key = ? AND sequence = ?')

  function read(row: unknown): Version | undefined {
    return row === undefined ? undefined : toVersion(row as Row)
  }

  function createWriter(onCommit: (effect: () => void) => void): IndexWriter {
    function removeData({ file }: Location): void {
      if (fileTable.release(file)) onCommit(() => files.remove(file))
    }
    return {
      addData: fileTable.add,
      removeData,
      add({ bucket, key, sequence, versionId, modified, object }, newest) {
        const keyBytes = Buffer.from(key)
        if (newest) supersede.run(bucket, keyBytes)
        insert.run(bucket, keyBytes, sequence, versionId, modified.getTime(), object ? JSON.stringify(object) : null)
      },
      remove({ bucket, key, sequence, isLatest, object }) {
        const keyBytes = Buffer.from(key)
        remove.run(bucket, keyBytes, sequence)
        for (const piece of object?.pieces ?? []) removeData(piece)
        if (isLatest) promote.run(bucket, keyBytes)
      },
      update: ({ bucket, key, sequence }, object) =>
        void update.run(JSON.stringify(object), bucket, Buffer.from(key), sequence),
    }
  }

  return {
    newest: (bucket, key) => read(selectNewest.get(bucket, Buffer.from(key))),
    find: (bucket, key, versionId) => read(selectOne.get(bucket, Buffer.from(key), versionId)),
    current: (bucket, from, until, limit) =>
      selectCurrent.all(bucket, from, until, limit).map((row) => toVersion(row as unknown as Row) as ObjectVersion),
    versions: (bucket, from, below, until, limit) =>
      selectVersions.all(bucket, from, until, from, below, limit).map((row) => toVersion(row as unknown as Row)),
    isEmpty: (bucket) => selectAny.get(bucket) === undefined,
    commit: (change) => group.commit((onCommit) => change(createWriter(onCommit))),
    nextSequence: createSequence(database, clock),
  }
}

function toVersion(row: Row): Version {
  return {
    bucket: row.bucket,
    key: Buffer.from(row.key.buffer, row.key.byteOffset, row.key.length).toString(),
    sequence: row.sequence,
    versionId: row.id,
    isLatest: row.latest === 1,
    modified: new Date(row.modified),
    object: row.object === null ? undefined : (JSON.parse(row.object) as StoredObject),
  }
}
