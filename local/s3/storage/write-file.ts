import type { FileHandle } from 'node:fs/promises'
import type { DataFiles } from './data-files.ts'

export interface FileWriter {
  /** Takes a copy of the chunk. Returns a promise where the caller must wait for room. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Closes the file and returns its name. */
  finish(): Promise<string>
  /** Closes the file and removes it. */
  abandon(): Promise<void>
}

const batchBytes = 512 * 1024

/**
 * A new data file, written in batches: one is on its way while the other fills up. The two buffers are used over and
 * over: to hand the socket's own buffers to another thread costs ten times the copy, in page faults.
 */
export async function startFile(files: DataFiles): Promise<FileWriter> {
  const { name, handle } = await files.create()
  let filling = Buffer.allocUnsafeSlow(batchBytes)
  let spare = Buffer.allocUnsafeSlow(batchBytes)
  let filled = 0
  let writing: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    await writing
    writing = writeAll(handle, filling.subarray(0, filled))
    // A failure surfaces at the next await; without a handler in between it would end the process.
    writing.catch(() => {})
    const full = filling
    filling = spare
    spare = full
    filled = 0
  }

  async function copyOver(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (filled === batchBytes) await flush()
      const piece = chunk.subarray(at, at + batchBytes - filled)
      filling.set(piece, filled)
      filled += piece.length
      at += piece.length
    }
  }

  return {
    write(chunk) {
      if (filled + chunk.length > batchBytes) return copyOver(chunk)
      filling.set(chunk, filled)
      filled += chunk.length
      return undefined
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

async function writeAll(handle: FileHandle, batch: Uint8Array): Promise<void> {
  for (let done = 0; done < batch.length; ) {
    const { bytesWritten } = await handle.write(batch, done)
    done += bytesWritten
  }
}
