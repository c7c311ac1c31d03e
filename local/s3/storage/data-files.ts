import { randomBytes } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readdirSync, readSync, unlinkSync } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Location } from './object-version.ts'
import { createPackWriter, type PackWriter } from './pack-writer.ts'
import { createFileWriters, type FileWriter } from './write-files.ts'

export interface DataFileWriter extends FileWriter {
  readonly name: string
}

/** Object data on disk. A file's name is made up here and says nothing of its objects: no key ever becomes a path. */
export interface DataFiles {
  /** A new file; nothing refers to it until its name is committed to the index. */
  create(): DataFileWriter
  /** For small data. */
  readonly packs: PackWriter
  /** Reads small data at once. */
  read(location: Location, length: number): Uint8Array
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
  const packs = createPackWriter(folder, createName)

  function remove(name: string): void {
    if (readers.has(name)) doomed.add(name)
    // A file that could not be removed is swept at the next start.
    else unlink(join(folder, name)).catch(() => {})
  }

  return {
    create() {
      const name = createName()
      return { name, ...writers.start(join(folder, name)) }
    },
    packs,
    read({ file, offset }, length) {
      const bytes = Buffer.allocUnsafe(length)
      const descriptor = openSync(join(folder, file), 'r')
      try {
        if (readSync(descriptor, bytes, 0, length, offset) < length) throw shorterThanKnown(file)
      } finally {
        closeSync(descriptor)
      }
      return bytes
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
    async close() {
      packs.close()
      await writers.close()
    },
  }
}

export function shorterThanKnown(file: string): Error {
  return new Error(`data file ${file} is shorter than the index says`)
}

function createName(): string {
  return randomBytes(12).toString('hex')
}
