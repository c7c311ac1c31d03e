import type { FileHandle } from 'node:fs/promises'
import type { DataFiles } from './data-files.ts'

export interface FileWriter {
  /** Resolves when there is room for more. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Closes the file and returns its name. */
  finish(): Promise<string>
  /** Closes the file and removes it. */
  abandon(): Promise<void>
}

const batchBytes = 1024 * 1024

/** A new data file, written in batches: one of them is under way while the next fills up. */
export async function startFile(files: DataFiles): Promise<FileWriter> {
  const { name, handle } = await files.create()
  let batch: Uint8Array[] = []
  let batchedBytes = 0
  let writing: Promise<unknown> = Promise.resolve()

  async function flush(): Promise<void> {
    await writing
    const full = batch
    batch = []
    batchedBytes = 0
    writing = writeAll(handle, full)
    // A failure surfaces at the next await; without a handler in between it would end the process.
    writing.catch(() => {})
  }

  return {
    write(chunk) {
      batch.push(chunk)
      batchedBytes += chunk.length
      return batchedBytes >= batchBytes ? flush() : undefined
    },
    async finish() {
      await flush()
      await writing
      await handle.close()
      return name
    },
    async abandon() {
      await writing.catch(() => {})
      await handle.close()
      files.remove(name)
    },
  }
}

async function writeAll(handle: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (total === 0) return
  const { bytesWritten } = await handle.writev(chunks)
  // A short write (disk full) shows at the rest, which then fails with its reason.
  if (bytesWritten < total) await handle.write(Buffer.concat(chunks).subarray(bytesWritten))
}
