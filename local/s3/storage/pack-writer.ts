import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Location } from './object-version.ts'

/** Puts small data one after the other into a file of many: a file for each, or a row with a BLOB, costs more. */
export interface PackWriter {
  /** The bytes have reached the operating system when it returns. */
  append(bytes: Uint8Array): Location
  /** Whether more will be appended to the file. */
  isOpen(file: string): boolean
  close(): void
}

const maxPackBytes = 16 * 1024 * 1024

interface Pack {
  readonly name: string
  readonly descriptor: number
  bytes: number
}

export function createPackWriter(folder: string, createName: () => string): PackWriter {
  let pack: Pack | undefined

  function close(): void {
    if (pack) closeSync(pack.descriptor)
    pack = undefined
  }

  function openPack(): Pack {
    if (pack && pack.bytes < maxPackBytes) return pack
    close()
    const name = createName()
    pack = { name, descriptor: openSync(join(folder, name), 'wx', 0o600), bytes: 0 }
    return pack
  }

  return {
    append(bytes) {
      const target = openPack()
      const offset = target.bytes
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(target.descriptor, bytes, done, bytes.length - done, offset + done)
      }
      target.bytes += bytes.length
      return { file: target.name, offset }
    },
    isOpen: (file) => pack?.name === file,
    close,
  }
}
