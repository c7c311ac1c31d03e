import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DeviceFault } from './device-fault.ts'

/**
 * Replaces the file in one step (mode 0600): after a crash or a power cut it is the old one or the new one, whole.
 * Throws FOLDER_UNUSABLE, as the others here.
 */
export function writeFileDurably(path: string, content: string): void {
  orUnusable(path, () => {
    const draft = writeDraft(path, content)
    renameSync(draft, path)
    syncDirectory(path)
  })
}

/** As writeFileDurably, but false, and nothing written, when the file is there: of two that create it one succeeds. */
export function createFileDurably(path: string, content: string): boolean {
  return orUnusable(path, () => {
    const draft = writeDraft(path, content)
    try {
      linkSync(draft, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    } finally {
      rmSync(draft)
    }
    syncDirectory(path)
    return true
  })
}

/** Moves a file within its folder and makes that last; nothing happens when it is not there: another process has moved it. */
export function renameDurably(from: string, to: string): void {
  orUnusable(to, () => {
    try {
      renameSync(from, to)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
    syncDirectory(to)
  })
}

/** Removes the files of one folder that are there, in this order, and makes that last. */
export function removeDurably(...paths: readonly [string, ...string[]]): void {
  orUnusable(paths[0], () => {
    for (const path of paths) rmSync(path, { force: true })
    syncDirectory(paths[0])
  })
}

function orUnusable<Result>(path: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw new DeviceFault('FOLDER_UNUSABLE', `cannot write ${path}: ${(error as Error).message}`, { cause: error })
  }
}

function writeDraft(path: string, content: string): string {
  const draft = `${path}.${process.pid}.draft`
  try {
    writeFileSync(draft, content, { mode: 0o600, flush: true })
    return draft
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(dirname(path), 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
