import { randomUUID } from 'node:crypto'
import { mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChecksumAlgorithm } from '../checksum/checksum-algorithm.ts'
import { createFileWriters, type FileWriter } from './write-files.ts'

export interface DataFileWriter extends FileWriter {
  readonly name: string
}

/** Object data on disk. A file's name is made up here and says nothing of its object: no key ever becomes a path. */
export interface DataFiles {
  /** A new file; nothing refers to it until its name is committed to the index. */
  create(algorithms: readonly ChecksumAlgorithm[]): DataFileWriter
  open(name: string): Promise<FileHandle>
  /** Keeps the files from being removed until the returned function is called. */
  pin(names: readonly string[]): () => void
  /** Removes a file that the index no longer refers to, at once or when its last reader has gone. */
  remove(name: string): void
  /** Removes every file that `isKnown` does not know: what a crash left between a write and its commit. */
  sweep(isKnown: (name: string) => boolean): void
  close(): Promise<void>
}

export function openDataFiles(folder: string): DataFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const readers = new Map<string, number>()
  const doomed = new Set<string>()
  const writers = createFileWriters()

  function remove(name: string): void {
    if (readers.has(name)) doomed.add(name)
    // A file that could not be removed is swept at the next start.
    else unlink(join(folder, name)).catch(() => {})
  }

  return {
    create(algorithms) {
      const name = randomUUID()
      return { name, ...writers.start(join(folder, name), algorithms) }
    },
    open: (name) => open(join(folder, name), 'r'),
    pin(names) {
      for (const name of names) readers.set(name, (readers.get(name) ?? 0) + 1)
      return () => {
        for (const name of names) {
          const left = (readers.get(name) ?? 1) - 1
          if (left > 0) {
            readers.set(name, left)
          } else {
            readers.delete(name)
            if (doomed.delete(name)) remove(name)
          }
        }
      }
    },
    remove,
    sweep(isKnown) {
      for (const name of readdirSync(folder)) if (!isKnown(name)) unlinkSync(join(folder, name))
    },
    close: writers.close,
  }
}
