import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { parseObjectKey } from '#contract/object-key.ts'

export interface ExpectedFile {
  /** Absolute, with a name that no other has. */
  readonly path: string
  readonly content: Buffer
}

interface Stored {
  readonly objects: ReadonlyMap<string, Buffer>
  readonly uploads: ReadonlyMap<string, unknown>
}

/**
 * What holds whatever happened: of each file there is one object, with its bytes, and no other; no multipart upload is left; the journal
 * of the device's folder, which nobody has open, has each file that is still there as done, and no upload to take back.
 */
export function checkObjects(files: readonly ExpectedFile[], { objects, uploads }: Stored, dir: string, at = ''): void {
  const nameOf = (path: string) => parseObjectKey(path.replace(/^\/[^/]*\//, ''))?.name ?? path
  const stored = [...objects].map(([path, content]) => ({ name: decodeURIComponent(nameOf(path)), content }))
  expect(stored.map(({ name }) => name).sort(), at).toEqual(files.map(({ path }) => basename(path)).sort())
  for (const { path, content } of files) {
    const same = stored.find(({ name }) => name === basename(path))?.content.equals(content)
    expect(same, `${at} ${path} is at S3 as it was here`).toBe(true)
  }
  expect(uploads.size, `${at} multipart uploads`).toBe(0)

  const journal = new DatabaseSync(join(dir, 'journal.db'))
  try {
    const find = journal.prepare(
      'SELECT state, multipart_id, (SELECT count(*) FROM parts WHERE upload = id) AS parts FROM uploads WHERE path = ?',
    )
    for (const { path } of files.filter((file) => existsSync(file.path))) {
      const done = { state: 'done', multipart_id: null, parts: 0 }
      expect({ ...find.get(path) }, `${at} ${path} in the journal`).toEqual(done)
    }
    expect(journal.prepare('SELECT * FROM leftovers').all(), at).toEqual([])
  } finally {
    journal.close()
  }
}
