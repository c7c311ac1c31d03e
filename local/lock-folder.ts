import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Takes a state folder for this process and returns what gives it back. The operating system ends the lock with the
 * process, however it ends, so a stale one cannot be.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pidFile = join(folder, 'pid')
  const database = new DatabaseSync(join(folder, 'lock'))
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE')
  } catch (cause) {
    database.close()
    const holder = readPid(pidFile)
    const mend = 'end it first, or take another state folder'
    throw new Error(`${folder} is in use by the embedded cloud of process ${holder}: ${mend}`, { cause })
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return () => database.close()
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
