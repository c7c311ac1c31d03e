/** A file that is to be sent. */
export interface PendingFile {
  /** Absolute. */
  readonly path: string
  /** Below the directory that is watched. */
  readonly storedPath: string
  readonly identity: string
  readonly sizeBytes: number
  readonly mtimeMs: number
  /** When it has stood still for long enough, on a clock that only grows. */
  readonly readyAtMs: number
}

/** What waits to be sent, oldest first. Memory is bounded: above twice the limit the newest half is let go, and `isIncomplete` until it is empty and filled anew. */
export interface Backlog {
  readonly files: () => number
  readonly bytes: () => number
  readonly isIncomplete: () => boolean
  /** In place of what is known of the path. */
  put(file: PendingFile): void
  find(path: string): PendingFile | undefined
  remove(path: string): void
  /** Takes the oldest files that are ready, up to so many. */
  take(count: number, nowMs: number): PendingFile[]
  /** Takes the oldest one, ready or not. */
  takeOldest(): PendingFile | undefined
  nextReadyAtMs(): number | undefined
  /** Before it is filled anew from a look at everything. */
  startOver(): void
}

export function createBacklog(limit: number): Backlog {
  const files = new Map<string, PendingFile>()
  /** Newest first, with files that were replaced or removed meanwhile. */
  let order: PendingFile[] = []
  let isSorted = true
  let bytes = 0
  let isIncomplete = false

  function remove(path: string): void {
    const file = files.get(path)
    if (file === undefined) return
    files.delete(path)
    bytes -= file.sizeBytes
  }

  function sort(): void {
    if (isSorted) return
    order = [...files.values()].sort((one, other) => other.mtimeMs - one.mtimeMs || (one.path < other.path ? 1 : -1))
    isSorted = true
  }

  function trim(): void {
    sort()
    for (const { path } of order.splice(0, order.length - limit)) remove(path)
    isIncomplete = true
  }

  function take(count: number, isReady: (file: PendingFile) => boolean): PendingFile[] {
    sort()
    const taken: PendingFile[] = []
    const waiting: PendingFile[] = []
    while (taken.length < count) {
      const file = order.pop()
      if (file === undefined) break
      if (files.get(file.path) !== file) continue
      if (isReady(file)) {
        remove(file.path)
        taken.push(file)
      } else waiting.push(file)
    }
    order.push(...waiting.reverse())
    return taken
  }

  return {
    files: () => files.size,
    bytes: () => bytes,
    isIncomplete: () => isIncomplete,
    put(file) {
      remove(file.path)
      files.set(file.path, file)
      bytes += file.sizeBytes
      isSorted = false
      if (files.size > 2 * limit) trim()
    },
    find: (path) => files.get(path),
    remove,
    take: (count, nowMs) => take(count, ({ readyAtMs }) => readyAtMs <= nowMs),
    takeOldest: () => take(1, () => true)[0],
    nextReadyAtMs() {
      let next: number | undefined
      for (const { readyAtMs } of files.values()) if (next === undefined || readyAtMs < next) next = readyAtMs
      return next
    },
    startOver() {
      isIncomplete = false
    },
  }
}
