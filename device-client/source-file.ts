import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { DeviceFault } from './device-fault.ts'

/** Bytes that are sent. */
export interface Content {
  readonly sizeBytes: number
  /** In chunks, each good until the next is taken; may be asked for again. Throws FILE_CHANGED before the last chunk if the file is not what was opened. */
  read(): Generator<Buffer, void>
}

/** A file that is being sent, as it was when it was opened. */
export interface SourceFile extends Content {
  readonly path: string
  readonly name: string
  readonly identity: string
  readonly mtimeMs: number
  part(start: number, sizeBytes: number): Content
  /** Throws FILE_CHANGED if the file is not what was opened. */
  checkUnchanged(): void
  close(): void
}

/** What a path is, without opening it. */
export interface FileState {
  readonly identity: string
  readonly sizeBytes: number
  readonly mtimeMs: number
}

const chunkBytes = 256 * 1024

/** Throws FILE_UNREADABLE, or FILE_NOT_REGULAR for what is no file by itself. */
export function inspectFile(path: string): FileState {
  try {
    const stats = lstatSync(path, { bigint: true })
    if (!stats.isFile()) throw new DeviceFault('FILE_NOT_REGULAR', `${path} is ${kindOf(stats)}`)
    return { identity: identityOf(stats), sizeBytes: Number(stats.size), mtimeMs: Number(stats.mtimeMs) }
  } catch (error) {
    if (error instanceof DeviceFault) throw error
    throw new DeviceFault('FILE_UNREADABLE', (error as Error).message, { cause: error })
  }
}

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
  const identity = identityOf(opened)

  function checkUnchanged(): void {
    if (identityOf(fstatSync(descriptor, { bigint: true })) !== identity) {
      throw new DeviceFault('FILE_CHANGED', `${path} changed while it was read`)
    }
  }

  function part(start: number, partBytes: number): Content {
    const end = start + partBytes
    return {
      sizeBytes: partBytes,
      *read() {
        const chunk = takeChunk(partBytes)
        try {
          for (let position = start; position < end; ) {
            const length = readSync(descriptor, chunk, 0, Math.min(chunk.length, end - position), position)
            position += length
            if (length === 0) throw new DeviceFault('FILE_CHANGED', `${path} became shorter while it was read`)
            if (position === end) checkUnchanged()
            yield length === chunk.length ? chunk : chunk.subarray(0, length)
          }
        } finally {
          giveChunkBack(chunk, partBytes)
        }
      },
    }
  }

  return {
    ...part(0, sizeBytes),
    path,
    name: basename(path),
    identity,
    mtimeMs: Number(opened.mtimeMs),
    part,
    checkUnchanged,
    close: () => closeSync(descriptor),
  }
}

/** Memory that was used before costs nothing to touch; new memory costs more than reading a file into it. */
const spareChunks: Buffer[] = []
const mostSpareChunks = 32

/** What is one chunk may be kept by who reads it, so it gets memory of its own. */
function takeChunk(partBytes: number): Buffer {
  if (partBytes <= chunkBytes) return Buffer.allocUnsafeSlow(partBytes)
  return spareChunks.pop() ?? Buffer.allocUnsafeSlow(chunkBytes)
}

function giveChunkBack(chunk: Buffer, partBytes: number): void {
  if (partBytes > chunkBytes && spareChunks.length < mostSpareChunks) spareChunks.push(chunk)
}

function identityOf({ ino, size, mtimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs}`
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
  if (stats.isSymbolicLink()) return 'a symbolic link'
  if (stats.isSocket()) return 'a socket'
  return stats.isFIFO() ? 'a pipe' : 'a device'
}
