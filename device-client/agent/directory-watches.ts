import { type FSWatcher, statSync, watch } from 'node:fs'
import { join } from 'node:path'

/**
 * Asks the kernel to tell of changes in directories, one by one as they are found: a watch of a whole tree would keep every file in memory.
 * Events are hints. They may be missed, so the tree is looked through now and then, which also heals the watches.
 */
export interface DirectoryWatches {
  /** Watches a directory below the root, unless it is watched already. */
  ensure(below: string): void
  /** Lets go of all but these. */
  retain(directories: ReadonlySet<string>): void
  readonly count: () => number
  /** False when the kernel refused a watch since the last `retain`: there are too many, or the file system has none. */
  readonly isComplete: () => boolean
  close(): void
}

interface Watch {
  readonly inode: number
  readonly watcher: FSWatcher
}

/** `onEvent` gets the directory, below the root, and the name in it as bytes, or undefined when the kernel does not say. */
export function createDirectoryWatches(
  root: string,
  onEvent: (directory: string, name: Buffer | undefined) => void,
  onTrouble: (error: Error) => void,
): DirectoryWatches {
  const watches = new Map<string, Watch>()
  let isComplete = true

  function refuse(error: Error): void {
    if (isComplete) onTrouble(error)
    isComplete = false
  }

  function drop(below: string): void {
    watches.get(below)?.watcher.close()
    watches.delete(below)
  }

  return {
    ensure(below) {
      const path = join(root, below)
      const inode = statSync(path, { throwIfNoEntry: false })?.ino
      if (inode === undefined || watches.get(below)?.inode === inode) return
      drop(below)
      try {
        const watcher = watch(path, { encoding: 'buffer' }, (_, name) => onEvent(below, name ?? undefined))
        watcher.on('error', (error) => {
          drop(below)
          refuse(error)
        })
        watches.set(below, { inode, watcher })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') refuse(error as Error)
      }
    },
    retain(directories) {
      for (const below of watches.keys()) if (!directories.has(below)) drop(below)
      isComplete = [...directories].every((below) => watches.has(below))
    },
    count: () => watches.size,
    isComplete: () => isComplete,
    close() {
      for (const below of [...watches.keys()]) drop(below)
    },
  }
}
