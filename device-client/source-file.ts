import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { DeviceFault } from './device-fault.ts'

/** A file that is being sent, as it was when it was opened. */
export interface SourceFile {
  readonly path: string
  readonly name: string
  readonly sizeBytes: number
  /** The whole content in chunks; may be asked for again. Throws FILE_CHANGED before the last chunk if the file is not what was opened. */
  read(): Generator<Buffer, void>
  close(): void
}

const chunkBytes = 256 * 1024

/**
 * Opens a regular file. Throws FILE_UNREADABLE, or FILE_NOT_REGULAR for a directory, symbolic link, pipe, socket or device.
 * Calls are synchronous: for small files that costs a quarter of the processor time that trips through the thread pool cost.
 */
export function openSourceFile(path: string): SourceFile {
  const descriptor = open(path)
  const opened = fstatSync(descriptor, { bigint: true })
  if (!opened.isFile()) {
    closeSync(descriptor)
    throw new DeviceFault('FILE_NOT_REGULAR', `${path} is ${kindOf(opened)}`)
  }
  const sizeBytes = Number(opened.size)

  function isUnchanged(): boolean {
    const now = fstatSync(descriptor, { bigint: true })
    return now.size === opened.size && now.mtimeNs === opened.mtimeNs
  }

  return {
    path,
    name: basename(path),
    sizeBytes,
    *read() {
      for (let position = 0; position < sizeBytes; ) {
        const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, sizeBytes - position))
        const length = readSync(descriptor, chunk, 0, chunk.length, position)
        position += length
        if (length === 0 || (position === sizeBytes && !isUnchanged())) {
          throw new DeviceFault('FILE_CHANGED', `${path} changed while it was read`)
        }
        yield length === chunk.length ? chunk : chunk.subarray(0, length)
      }
    },
    close: () => closeSync(descriptor),
  }
}

function open(path: string): number {
  try {
    // Non-blocking, as opening a pipe would wait for its writer.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw new DeviceFault('FILE_NOT_REGULAR', `${path} is a symbolic link`, { cause: error })
    if (code === 'ENXIO') throw new DeviceFault('FILE_NOT_REGULAR', `${path} is a socket or a device`, { cause: error })
    throw new DeviceFault('FILE_UNREADABLE', message, { cause: error })
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return 'a directory'
  return stats.isFIFO() ? 'a pipe' : 'a device'
}
