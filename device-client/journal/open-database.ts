import { closeSync, openSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { DeviceFault } from '../device-fault.ts'

/**
 * Opens an SQLite file that only this user may read; made when it is not there. SQLite is loaded here, as most commands need none.
 * `waitMs` is how long a statement waits for another process. Throws JOURNAL_UNUSABLE.
 */
export function openDatabase(path: string, waitMs: number): DatabaseSync {
  const sqlite = process.getBuiltinModule('node:sqlite')
  if (sqlite === undefined) throw new DeviceFault('JOURNAL_UNUSABLE', `Node.js ${process.version} has no SQLite`)
  return orUnusable(path, () => {
    // The files that SQLite puts beside it get its mode.
    closeSync(openSync(path, 'a', 0o600))
    return new sqlite.DatabaseSync(path, { timeout: waitMs })
  })
}

/** What SQLite or the disk refuses becomes JOURNAL_UNUSABLE. */
export function orUnusable<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || error instanceof DeviceFault) throw error
    throw new DeviceFault('JOURNAL_UNUSABLE', `${path}: ${error.message}`, { cause: error })
  }
}
