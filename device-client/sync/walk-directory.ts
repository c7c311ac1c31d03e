import { isUtf8 } from 'node:buffer'
import { type Dir, type Dirent, opendirSync } from 'node:fs'
import { join } from 'node:path'
import { DeviceFault } from '../device-fault.ts'

/** What a walk comes by. Paths below the root, with `/`. */
export type Found =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: SkipReason }
  | { readonly kind: 'failed'; readonly path: string; readonly error: DeviceFault }

export type SkipReason = 'link' | 'notRegular'

/**
 * Walks everything below a directory, of which it holds one open and the names of those that follow. Symbolic links are not followed. A
 * directory that is gone is passed over, one that cannot be read is told of. Throws FILE_UNREADABLE for the root.
 */
export function* walkDirectory(root: string, isWanted: (directory: string) => boolean): Generator<Found, void> {
  const pending = ['']
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    let directory: Dir | undefined
    try {
      directory = openDirectory(join(root, below))
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        const found = classify(entry as unknown as Dirent<Buffer>, below)
        if (found.kind !== 'directory') yield found
        else if (isWanted(found.path)) pending.push(found.path)
      }
    } catch (error) {
      if (!isSystemError(error)) throw error
      const fault = new DeviceFault('FILE_UNREADABLE', error.message, { cause: error })
      if (below === '') throw fault
      if (error.code !== 'ENOENT') yield { kind: 'failed', path: below, error: fault }
    } finally {
      directory?.closeSync()
    }
  }
}

/** Names come as bytes, since not every name is text; Node's types do not know. */
function openDirectory(path: string): Dir {
  return opendirSync(path, { encoding: 'buffer' as BufferEncoding, bufferSize: 256 })
}

function classify(entry: Dirent<Buffer>, below: string): Found | { readonly kind: 'directory'; readonly path: string } {
  const name = entry.name.toString()
  const path = below === '' ? name : `${below}/${name}`
  if (!isUtf8(entry.name)) {
    const message = `${path} (bytes ${entry.name.toString('hex')}) has a name that is not UTF-8`
    return { kind: 'failed', path, error: new DeviceFault('FILE_NAME_INVALID', message) }
  }
  if (entry.isDirectory()) return { kind: 'directory', path }
  if (entry.isFile()) return { kind: 'file', path }
  return { kind: 'skipped', path, reason: entry.isSymbolicLink() ? 'link' : 'notRegular' }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}
