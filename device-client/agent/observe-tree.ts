import { isUtf8 } from 'node:buffer'
import { lstatSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { DeviceFault } from '../device-fault.ts'
import type { Runtime } from '../runtime.ts'
import { walkDirectory } from '../sync/walk-directory.ts'
import { createAlarm } from './alarm.ts'
import { createDirectoryWatches } from './directory-watches.ts'

export interface TreeObserver {
  /** Rejects with what looking fails of, the root being gone for one; resolves after `end`. */
  readonly ended: Promise<void>
  /** Looks at everything at once. */
  rescan(): void
  end(): void
  /** Directories that the kernel tells of. */
  readonly watches: () => number
}

interface TreeOptions {
  readonly root: string
  readonly rescanMs: number
  /** All paths are below the root. */
  readonly takesDirectory: (path: string) => boolean
  /** A file is there, is new, was changed or is gone. */
  readonly onFile: (path: string) => void
  readonly onUnreadable: (path: string, error: DeviceFault) => void
  /** After each look at everything; `startedMs` is on the clock that only grows. */
  readonly onScanned: (startedMs: number) => Promise<void>
  /** The kernel does not tell of everything. */
  readonly onBlind: (error: Error) => void
}

const turnFiles = 256
/** Where the kernel does not tell of everything. */
const blindRescanMs = 60_000

/** Looks at every file below a directory at first and now and then, and right away at those that the kernel tells of. */
export function observeTree(options: TreeOptions, { monotonicMs }: Pick<Runtime, 'monotonicMs'>): TreeObserver {
  const { root, rescanMs, takesDirectory, onFile, onUnreadable, onScanned, onBlind } = options
  const alarm = createAlarm()
  const watches = createDirectoryWatches(root, onEvent, onBlind)
  /** What the kernel told of since the last turn of the event loop: writers cause many events for one file. */
  const dirty = new Set<string>()
  const failure = Promise.withResolvers<never>()
  let isEnding = false
  let isWanted = false

  /** Looks at everything below a directory, and makes sure that it is watched. */
  async function scan(top: string): Promise<ReadonlySet<string>> {
    const seen = new Set([top])
    const below = (path: string) => (top === '' ? path : `${top}/${path}`)
    const enters = (directory: string) => {
      const path = below(directory)
      if (!takesDirectory(path)) return false
      seen.add(path)
      watches.ensure(path)
      return true
    }
    watches.ensure(top)
    let count = 0
    for (const found of walkDirectory(join(root, top), enters)) {
      if (++count % turnFiles === 0) await setImmediate()
      if (isEnding) break
      if (found.kind === 'file') onFile(below(found.path))
      else if (found.kind === 'failed') onUnreadable(below(found.path), found.error)
    }
    return seen
  }

  async function keepScanning(): Promise<void> {
    while (!isEnding) {
      isWanted = false
      const startedMs = monotonicMs()
      const seen = await scan('')
      if (isEnding) return
      watches.retain(seen)
      await onScanned(startedMs)
      const until = monotonicMs() + (watches.isComplete() ? rescanMs : Math.min(rescanMs, blindRescanMs))
      while (!isEnding && !isWanted && monotonicMs() < until) await alarm.wait(until - monotonicMs())
    }
  }

  function rescan(): void {
    isWanted = true
    alarm.ring()
  }

  function onEvent(directory: string, name: Buffer | undefined): void {
    const isOfRoot = directory === '' && name?.toString() === basename(root)
    if (name === undefined || isOfRoot || !isUtf8(name)) rescan()
    else {
      if (dirty.size === 0) void setImmediate().then(lookAtDirty).catch(failure.reject)
      dirty.add(directory === '' ? name.toString() : `${directory}/${name}`)
    }
  }

  async function lookAtDirty(): Promise<void> {
    const paths = [...dirty]
    dirty.clear()
    for (const path of paths) {
      if (isEnding) return
      if (!isDirectory(join(root, path))) onFile(path)
      else if (takesDirectory(path)) await scanNew(path)
    }
  }

  /** A directory may be gone again. */
  async function scanNew(path: string): Promise<void> {
    try {
      await scan(path)
    } catch (error) {
      if (!(error instanceof DeviceFault && error.code === 'FILE_UNREADABLE')) throw error
    }
  }

  const ended = Promise.race([keepScanning(), failure.promise]).finally(() => {
    isEnding = true
    watches.close()
  })
  return {
    ended,
    rescan,
    end() {
      isEnding = true
      alarm.ring()
    },
    watches: watches.count,
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
