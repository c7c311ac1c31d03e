import type { Store } from '#local/store.ts'
import type { ChecksumAlgorithm } from '../checksum/checksum-algorithm.ts'
import type { ChecksumType, Location, ObjectAttributes, Tags } from './object-version.ts'

/** A multipart upload that was neither completed nor aborted. */
export interface Upload {
  readonly id: string
  readonly bucket: string
  readonly key: string
  readonly initiated: Date
  readonly attributes: ObjectAttributes
  readonly tags: Tags
  /** The algorithm is S3's default when the client named none. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType; readonly isDefault: boolean }
  /** ARN of who began it. */
  readonly initiator: string
}

export interface Part extends Location {
  readonly number: number
  readonly size: number
  /** MD5 in hex. */
  readonly etag: string
  /** Base64. */
  readonly checksum: string
  readonly modified: Date
}

export interface UploadTable {
  get(id: string): Upload | undefined
  /** In the order of key, then of beginning; those after a place of that order. */
  list(bucket: string, after: { key: Buffer; id: string }, until: Buffer, limit: number): Upload[]
  isEmpty(bucket: string): boolean
  part(id: string, number: number): Part | undefined
  parts(id: string, after?: number, limit?: number): Part[]
  add(upload: Upload): void
  putPart(id: string, part: Part): void
  /** Forgets the upload and its parts; their data is the caller's. */
  remove(id: string): void
}

const schema = `
CREATE TABLE IF NOT EXISTS upload (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, key BLOB NOT NULL, json TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS upload_by_key ON upload (bucket, key, id);
CREATE TABLE IF NOT EXISTS part (
  upload TEXT NOT NULL, number INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (upload, number)) WITHOUT ROWID;
`

export function openUploads({ database }: Store): UploadTable {
  database.exec(schema)
  const select = database.prepare('SELECT json FROM upload WHERE id = ?')
  const selectRange = database.prepare(
    'SELECT json FROM upload WHERE bucket = ? AND key >= ? AND key < ? AND (key > ? OR id > ?) ORDER BY key, id LIMIT ?',
  )
  const selectAny = database.prepare('SELECT 1 FROM upload WHERE bucket = ? LIMIT 1')
  const insert = database.prepare('INSERT INTO upload VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM upload WHERE id = ?')
  const selectPart = database.prepare('SELECT json FROM part WHERE upload = ? AND number = ?')
  const selectParts = database.prepare('SELECT json FROM part WHERE upload = ? AND number > ? ORDER BY number LIMIT ?')
  const upsertPart = database.prepare('INSERT OR REPLACE INTO part VALUES (?, ?, ?)')
  const removeParts = database.prepare('DELETE FROM part WHERE upload = ?')

  return {
    get: (id) => parse<Upload>(select.get(id), 'initiated'),
    list: (bucket, after, until, limit) =>
      parseAll<Upload>(selectRange.all(bucket, after.key, until, after.key, after.id, limit), 'initiated'),
    isEmpty: (bucket) => selectAny.get(bucket) === undefined,
    part: (id, number) => parse<Part>(selectPart.get(id, number), 'modified'),
    parts: (id, after = 0, limit = -1) => parseAll<Part>(selectParts.all(id, after, limit), 'modified'),
    add: (upload) => void insert.run(upload.id, upload.bucket, Buffer.from(upload.key), JSON.stringify(upload)),
    putPart: (id, part) => void upsertPart.run(id, part.number, JSON.stringify(part)),
    remove(id) {
      remove.run(id)
      removeParts.run(id)
    },
  }
}

function parse<T>(row: unknown, dateMember: keyof T & string): T | undefined {
  if (row === undefined) return undefined
  const value = JSON.parse((row as { json: string }).json)
  return { ...value, [dateMember]: new Date(value[dateMember]) }
}

function parseAll<T>(rows: readonly unknown[], dateMember: keyof T & string): T[] {
  return rows.flatMap((row) => parse<T>(row, dateMember) ?? [])
}
