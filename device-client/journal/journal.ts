import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { DeviceFault } from '../device-fault.ts'
import { schema, schemaVersion } from './journal-schema.ts'
import { openDatabase, orUnusable } from './open-database.ts'

/** A file as it is now: another content is another identity. */
interface FileIdentity {
  /** Absolute. */
  readonly path: string
  /** Inode, size and time of change. No device number: it changes with a restart (LVM, btrfs, USB). */
  readonly identity: string
}

/** What the journal knows of a file. */
export interface JournalEntry {
  readonly id: number
  readonly key: string
  readonly isDone: boolean
  /** An S3 multipart upload that is under way. */
  readonly multipart: Multipart | undefined
}

export interface Multipart {
  readonly id: string
  readonly partBytes: number
  readonly begunMs: number
  /** Whether S3 was asked to make the object: it may be there. */
  readonly isCompleting: boolean
}

export interface Part {
  readonly number: number
  readonly etag: string
  readonly crc32: number
}

interface Leftover {
  readonly multipartId: string
  readonly key: string
}

/**
 * What was sent and what is under way. A plan is on disk before it returns, whatever happens to the power; what is finished outlives
 * the process in a tenth of a second, the rest at once, and the power soon: what is lost of it is settled with S3. Every method
 * throws JOURNAL_UNUSABLE.
 */
export interface Journal {
  /** The entry of each file, in order; those without one, or of another content, thing or bucket, get a new key. One write to disk. */
  plan(files: readonly FileIdentity[], drawKey: (path: string) => string): JournalEntry[]
  /** As plan, but nothing is drawn or written. */
  find(file: FileIdentity): JournalEntry | undefined
  /** The multipart upload that is under way now. */
  findMultipart(entry: JournalEntry): Multipart | undefined
  begin(entry: JournalEntry, multipart: Pick<Multipart, 'id' | 'partBytes'>): Multipart
  addPart(entry: JournalEntry, part: Part): void
  /** In order. */
  parts(entry: JournalEntry): Part[]
  setCompleting(entry: JournalEntry, isCompleting: boolean): void
  /** `key` is where the object is, when somebody else chose it. */
  finish(entry: JournalEntry, key?: string): void
  fail(entry: JournalEntry, reason: string): void
  /** The multipart upload becomes a leftover; the key stays. */
  forgetMultipart(entry: JournalEntry): void
  /** The file gets another key when it is planned again. */
  drop(entry: JournalEntry): void
  /** Multipart uploads that nobody goes on with; all that was finished is written before. */
  leftovers(): Leftover[]
  dropLeftover(leftover: Leftover): void
  /** Drops entries of files that are gone or changed, of those that were not looked at for `maxAgeMs`; a thousand at a time. */
  prune(maxAgeMs: number, identify: (path: string) => string | undefined): void
  close(): void
}

export interface JournalOptions {
  /** The device's folder. */
  readonly dir: string
  readonly bucket: string
  /** What keys of this thing begin with. */
  readonly keyPrefix: string
  readonly clock: () => Date
}

interface Row {
  readonly id: number
  readonly identity: string
  readonly bucket: string
  readonly key: string
  readonly state: string
  readonly multipart_id: string | null
  readonly part_bytes: number
  readonly begun_ms: number
  readonly is_completing: number
}

interface FoundRow extends Pick<Row, 'id' | 'key' | 'state'> {
  readonly hasMultipart: 0 | 1
}

const waitMs = 30_000
const pruneRows = 1000
/** Finished files share a write: so many, or those of so long. */
const mostFinished = 128
const finishWithinMs = 100

/** Opens `journal.db` in the device's folder, for several processes at once. Throws JOURNAL_UNUSABLE. */
export function openJournal({ dir, bucket, keyPrefix, clock }: JournalOptions): Journal {
  const path = join(dir, 'journal.db')
  const database = openDatabase(path, waitMs)
  try {
    orUnusable(path, () => prepareSchema(database, path))
  } catch (error) {
    database.close()
    throw error
  }
  const sql = prepareStatements(database)
  const finished = new Map<number, { readonly key: string; readonly atMs: number; readonly hasParts: boolean }>()
  /** Uploads that may have parts. */
  const begun = new Set<number>()
  let finishTimer: NodeJS.Timeout | undefined
  let lateFault: unknown
  const nowMs = () => clock().getTime()

  function guard<Result>(work: () => Result): Result {
    const fault = lateFault
    lateFault = undefined
    if (fault !== undefined) throw fault
    return orUnusable(path, work)
  }

  function transact<Result>(work: () => Result): Result {
    database.exec('BEGIN IMMEDIATE')
    try {
      for (const [id, { key, atMs, hasParts }] of finished) {
        sql.finish.run(key, atMs, id)
        if (hasParts) sql.removeParts.run(id)
      }
      const result = work()
      database.exec('COMMIT')
      finished.clear()
      clearTimeout(finishTimer)
      finishTimer = undefined
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  function writeFinished(): void {
    if (finished.size > 0) guard(() => transact(() => {}))
  }

  function writeFinishedLate(): void {
    finishTimer = undefined
    try {
      writeFinished()
    } catch (error) {
      // Whoever comes next is told.
      lateFault = error
    }
  }

  function find(file: FileIdentity): JournalEntry | undefined {
    const row = sql.find.get(file.path, file.identity, bucket) as unknown as FoundRow | undefined
    if (row === undefined || !row.key.startsWith(keyPrefix)) return undefined
    if (row.hasMultipart === 1) return entryOf(sql.findById.get(row.id) as unknown as Row)
    const { key } = finished.get(row.id) ?? {}
    return { id: row.id, key: key ?? row.key, isDone: key !== undefined || row.state === 'done', multipart: undefined }
  }

  function discard(id: number): void {
    sql.leave.run(id)
    sql.remove.run(id)
  }

  function add(file: FileIdentity, drawKey: (path: string) => string): JournalEntry {
    const key = drawKey(file.path)
    const insert = () => sql.add.run(file.path, file.identity, bucket, key, nowMs(), nowMs())
    let { changes, lastInsertRowid } = insert()
    if (changes === 0) {
      const known = find(file)
      if (known !== undefined) return known
      discard((sql.findId.get(file.path) as { id: number }).id)
      lastInsertRowid = insert().lastInsertRowid
    }
    return { id: Number(lastInsertRowid), key, isDone: false, multipart: undefined }
  }

  return {
    plan: (files, drawKey) =>
      guard(() => {
        // Who plans has looked as a rule: what is new is found out by writing it.
        const [first] = files
        const known = first !== undefined && find(first) === undefined ? [] : files.map(find)
        if (known.length === files.length && !known.includes(undefined)) return known as JournalEntry[]
        database.exec('PRAGMA synchronous = FULL')
        try {
          return transact(() => files.map((file, index) => known[index] ?? add(file, drawKey)))
        } finally {
          database.exec('PRAGMA synchronous = NORMAL')
        }
      }),
    find: (file) => guard(() => find(file)),
    findMultipart: ({ id }) =>
      guard(() => {
        const row = sql.findById.get(id) as Row | undefined
        return row && entryOf(row).multipart
      }),
    begin: ({ id }, { id: multipartId, partBytes }) =>
      guard(() => {
        const begunMs = nowMs()
        begun.add(id)
        sql.begin.run(multipartId, partBytes, begunMs, begunMs, id)
        return { id: multipartId, partBytes, begunMs, isCompleting: false }
      }),
    addPart: ({ id }, { number, etag, crc32 }) => guard(() => void sql.addPart.run(id, number, etag, crc32)),
    parts: ({ id }) => guard(() => sql.parts.all(id) as unknown as Part[]),
    setCompleting: ({ id }, isCompleting) => guard(() => void sql.setCompleting.run(Number(isCompleting), nowMs(), id)),
    finish: ({ id, key: planned, multipart }, key = planned) =>
      guard(() => {
        const hasParts = begun.delete(id) || multipart !== undefined
        finished.set(id, { key, atMs: nowMs(), hasParts })
        if (finished.size >= mostFinished) writeFinished()
        else finishTimer ??= setTimeout(writeFinishedLate, finishWithinMs).unref()
      }),
    fail: ({ id }, reason) => guard(() => void sql.fail.run(reason, nowMs(), id)),
    forgetMultipart: ({ id }) =>
      guard(() => {
        transact(() => {
          sql.leave.run(id)
          sql.forget.run(nowMs(), id)
          sql.removeParts.run(id)
        })
      }),
    drop: ({ id }) => guard(() => void transact(() => discard(id))),
    leftovers: () =>
      guard(() => {
        writeFinished()
        return (sql.leftovers.all(bucket) as unknown as Leftover[]).filter(({ key }) => key.startsWith(keyPrefix))
      }),
    dropLeftover: ({ multipartId }) => guard(() => void sql.removeLeftover.run(multipartId)),
    prune: (maxAgeMs, identify) =>
      guard(() => {
        const rows = sql.unseen.all(nowMs() - maxAgeMs, pruneRows) as { id: number; path: string; identity: string }[]
        if (rows.length === 0) return
        transact(() => {
          for (const row of rows) {
            if (identify(row.path) === row.identity) sql.look.run(nowMs(), row.id)
            else discard(row.id)
          }
        })
      }),
    close() {
      clearTimeout(finishTimer)
      writeFinishedLate()
      database.close()
    },
  }
}

function prepareSchema(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
  const version = () => (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
  if (version() === 0) {
    database.exec('BEGIN IMMEDIATE')
    if (version() === 0) database.exec(schema)
    database.exec('COMMIT')
  }
  if (version() !== schemaVersion) {
    throw new DeviceFault('JOURNAL_UNUSABLE', `${path} was written by another version of thingdrop-device`)
  }
  database.exec('PRAGMA synchronous = NORMAL')
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (text: string) => database.prepare(text)
  return {
    // Asked for each file of a directory, and a column costs more than to find the row.
    find: prepare(
      'SELECT id, key, state, multipart_id IS NOT NULL AS hasMultipart FROM uploads WHERE path = ? AND identity = ? AND bucket = ?',
    ),
    findId: prepare('SELECT id FROM uploads WHERE path = ?'),
    findById: prepare('SELECT * FROM uploads WHERE id = ?'),
    add: prepare(
      "INSERT OR IGNORE INTO uploads (path, identity, bucket, key, state, changed_ms, looked_ms) VALUES (?, ?, ?, ?, 'planned', ?, ?)",
    ),
    begin: prepare(
      'UPDATE uploads SET multipart_id = ?, part_bytes = ?, begun_ms = ?, is_completing = 0, changed_ms = ? WHERE id = ?',
    ),
    addPart: prepare('INSERT OR REPLACE INTO parts (upload, number, etag, crc32) VALUES (?, ?, ?, ?)'),
    parts: prepare('SELECT number, etag, crc32 FROM parts WHERE upload = ? ORDER BY number'),
    removeParts: prepare('DELETE FROM parts WHERE upload = ?'),
    setCompleting: prepare('UPDATE uploads SET is_completing = ?, changed_ms = ? WHERE id = ?'),
    finish: prepare(
      "UPDATE uploads SET state = 'done', key = ?, reason = NULL, multipart_id = NULL, is_completing = 0, changed_ms = ? WHERE id = ?",
    ),
    fail: prepare("UPDATE uploads SET state = 'failed', reason = ?, changed_ms = ? WHERE id = ? AND state <> 'done'"),
    leave: prepare(
      'INSERT OR IGNORE INTO leftovers SELECT multipart_id, bucket, key FROM uploads WHERE id = ? AND multipart_id IS NOT NULL',
    ),
    forget: prepare('UPDATE uploads SET multipart_id = NULL, is_completing = 0, changed_ms = ? WHERE id = ?'),
    remove: prepare('DELETE FROM uploads WHERE id = ?'),
    leftovers: prepare('SELECT multipart_id AS multipartId, key FROM leftovers WHERE bucket = ?'),
    removeLeftover: prepare('DELETE FROM leftovers WHERE multipart_id = ?'),
    unseen: prepare('SELECT id, path, identity FROM uploads WHERE looked_ms < ? ORDER BY looked_ms LIMIT ?'),
    look: prepare('UPDATE uploads SET looked_ms = ? WHERE id = ?'),
  }
}

function entryOf({ id, key, state, multipart_id, part_bytes, begun_ms, is_completing }: Row): JournalEntry {
  const multipart =
    multipart_id === null
      ? undefined
      : { id: multipart_id, partBytes: part_bytes, begunMs: begun_ms, isCompleting: is_completing === 1 }
  return { id, key, isDone: state === 'done', multipart }
}
