/** Of the tables below; a file of another version is not touched. */
export const schemaVersion = 1

/** One row for each path that was ever planned, and what is left to take back at S3. */
export const schema = `
CREATE TABLE uploads (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL UNIQUE,
  identity TEXT NOT NULL,
  bucket TEXT NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('planned', 'done', 'failed')),
  reason TEXT,
  multipart_id TEXT,
  part_bytes INTEGER,
  begun_ms INTEGER,
  is_completing INTEGER NOT NULL DEFAULT 0,
  changed_ms INTEGER NOT NULL,
  looked_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX uploads_by_look ON uploads (looked_ms);
CREATE TABLE parts (
  upload INTEGER NOT NULL REFERENCES uploads ON DELETE CASCADE,
  number INTEGER NOT NULL,
  etag TEXT NOT NULL,
  crc32 INTEGER NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE leftovers (
  multipart_id TEXT PRIMARY KEY,
  bucket TEXT NOT NULL,
  key TEXT NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`
