import { hash } from 'node:crypto'
import { join } from 'node:path'
import { DeviceFault } from '../device-fault.ts'
import { openDatabase } from '../journal/open-database.ts'

const busyCode = 5

/**
 * Makes this the only sync of a directory by this device until `release`. SQLite holds the lock with the file system's means, so that the
 * kernel releases it however the process ends. Throws DIRECTORY_BUSY, JOURNAL_UNUSABLE.
 */
export function lockDirectory(dir: string, directory: string): { readonly release: () => void } {
  const path = join(dir, `sync-${hash('sha256', directory).slice(0, 16)}.lock`)
  const database = openDatabase(path, 0)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if ((error as { errcode?: number }).errcode === busyCode) {
      throw new DeviceFault('DIRECTORY_BUSY', `${directory} is being synced by another process`, { cause: error })
    }
    throw new DeviceFault('JOURNAL_UNUSABLE', `${path}: ${(error as Error).message}`, { cause: error })
  }
  return { release: () => database.close() }
}
