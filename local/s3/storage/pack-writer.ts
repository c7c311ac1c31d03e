import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Location } from './object-version.ts'

/** Puts small data one after the other into a file of many: a file for each, or a row with a BLOB, costs more. */
export interface PackWriter {
  /** Chooses the place of the bytes, where they are once `flush` has returned. */
  append(bytes: Uint8Array): Location
  /** Hands what was appended to the operating system. */
  flush(): void
  /** Whether more will be appended to the file. */
  isOpen(file: string): boolean
  close(): void
}

const maxPackBytes = 16 * 1024 * 1024

interface Pack {
  readonly name: string
  readonly descriptor: number
  writtenBytes: number
  readonly waiting: Uint8Array[]
  waitingBytes: number
}

export function createPackWriter(folder: string, createName: () => string): PackWriter {
  let pack: Pack | undefined

  function openPack(): Pack {
    if (pack && pack.writtenBytes + pack.waitingBytes < maxPackBytes) return pack
    close()
    const name = createName()
    const descriptor = openSync(join(folder, name), 'wx', 0o600)
    pack = { name, descriptor, writtenBytes: 0, waiting: [], waitingBytes: 0 }
    return pack
  }

  function flush(): void {
    if (!pack || pack.waiting.length === 0) return
    const bytes = pack.waiting.length === 1 && pack.waiting[0] ? pack.waiting[0] : Buffer.concat(pack.waiting)
    const start = pack.writtenBytes
    // Places are not given twice, also where this fails.
    pack.waiting.length = 0
    pack.waitingBytes = 0
    pack.writtenBytes += bytes.length
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(pack.descriptor, bytes, done, bytes.length - done, start + done)
    }
  }

  function close(): void {
    flush()
    if (pack) closeSync(pack.descriptor)
    pack = undefined
  }

  return {
    append(bytes) {
      const target = openPack()
      const offset = target.writtenBytes + target.waitingBytes
      target.waiting.push(bytes)
      target.waitingBytes += bytes.length
      return { file: target.name, offset }
    },
    flush,
    isOpen: (file) => pack?.name === file,
    close,
  }
}
