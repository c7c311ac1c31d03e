import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import { pruneCompressed } from '../objects/compress-file.ts'
import { checkObjectOptions, type ObjectOptions } from '../objects/object-options.ts'
import { retry } from '../retry.ts'
import type { FileState } from '../source-file.ts'
import { type AfterUpload, finishSource, prepareAfterUpload } from '../sync/finish-source.ts'
import { lockDirectory } from '../sync/lock-directory.ts'
import { isOfOneFile } from '../sync/of-one-file.ts'
import { createPathFilter, type PathPatterns } from '../sync/select-path.ts'
import { tryInspect } from '../sync/try-inspect.ts'
import {
  abortLeftovers,
  type Candidate,
  type FailedFile,
  type UploadContext,
  type UploadedFile,
  uploadBatches,
} from '../upload-files.ts'
import type { AgentLog } from './agent-log.ts'
import type { DirectoryStatus, Trouble } from './agent-status.ts'
import { createAlarm } from './alarm.ts'
import { createBacklog, type PendingFile } from './backlog.ts'
import { dropOldest } from './drop-oldest.ts'
import { createFailureList } from './failure-list.ts'
import { observeTree, type TreeObserver } from './observe-tree.ts'
import type { SendingState } from './sending-state.ts'

/** A directory whose files are sent as they appear. */
export interface WatchOptions extends PathPatterns, AfterUpload {
  readonly directory: string
  /** How long a file must stand still before it is sent; 0 for files that are moved in complete. 1 s when not given. */
  readonly settleSeconds?: number | undefined
  /** How often everything is looked at, as events may be missed; 15 min when not given. */
  readonly rescanSeconds?: number | undefined
  /** What files become at S3; in place of the device's. */
  readonly objects?: ObjectOptions | undefined
  /** How many bytes may wait to be sent. */
  readonly spoolBytes?: number | undefined
  /** Removes the oldest files above `spoolBytes`, unsent; else that is only told. */
  readonly dropOldest?: boolean | undefined
}

export interface WatchContext extends Omit<UploadContext, 'onFile' | 'signal' | 'mayBegin'> {
  /** The device's folder. */
  readonly dir: string
  /** What this machine says, by which it dates files. */
  readonly machineClock: () => Date
  readonly sending: SendingState
  readonly log: AgentLog
}

export interface WatchedDirectory {
  status(): DirectoryStatus
  /** Rejects with what cannot be mended; resolves after drain. */
  readonly ended: Promise<void>
  /** Begins no further file, and resolves when those under way have ended or were cut short, with whether none was. */
  drain(patienceMs: number): Promise<boolean>
}

const heldFiles = 10_000
const batchFiles = 256
/** After what stopped everything. */
const pauseMs = 60_000
const monthMs = 30 * 86_400_000

/**
 * Sends what appears below a directory until it is drained, whatever happens to the link and to the directory. Files that S3 does not
 * take wait until they change, or for an hour.
 */
export function watchDirectory(given: WatchOptions, context: WatchContext): WatchedDirectory {
  const { runtime, journal, log, sending } = context
  const { monotonicMs } = runtime
  const objects = given.objects ?? context.objects
  checkObjectOptions(objects)
  const settleMs = (given.settleSeconds ?? 1) * 1000
  const rescanMs = (given.rescanSeconds ?? 900) * 1000
  const filter = createPathFilter(given)
  const backlog = createBacklog(heldFiles)
  const alarm = createAlarm()
  const cutting = new AbortController()
  const { signal } = cutting
  const inFlight = new Map<string, PendingFile>()
  const failures = createFailureList(runtime, log)
  const counts = { sent: 0, sentBytes: 0, dropped: 0 }
  let options = given
  let root = given.directory
  let tree: TreeObserver | undefined
  let isDraining = false
  let isRoundOver = false
  let isOverLimit = false
  let trouble: Trouble | undefined
  let lastSentAt: string | undefined
  let lastScanAt: string | undefined

  const isEnding = () => isDraining || isRoundOver || signal.aborted
  const retrying = (path: string) => ({ ...context.retrying(path), signal })

  function cut(): void {
    cutting.abort()
    tree?.end()
    alarm.ring()
  }

  /** Looks at one file and does what is next with it. */
  function consider(below: string): void {
    if (!filter.takesFile(below)) return
    const path = join(root, below)
    const state = tryInspect(path)
    if (state === undefined) {
      backlog.remove(path)
      failures.remove(below)
      return
    }
    const { identity } = state
    const isKnown = inFlight.has(path) || backlog.find(path)?.identity === identity
    if (isKnown || failures.isResting(below, identity)) return
    const entry = journal.find({ path, identity })
    if (entry?.isDone) {
      finish(path, below, identity, entry.key)
      return
    }
    backlog.put({ path, storedPath: below, ...state, readyAtMs: readyAtMs(state) })
    alarm.ring()
    holdToLimit()
  }

  /** By the file's date where that says enough, else counted from now: a date in the future never gets old. */
  function readyAtMs({ mtimeMs }: FileState): number {
    const ageMs = context.machineClock().getTime() - mtimeMs
    return monotonicMs() + Math.max(0, settleMs - Math.max(0, ageMs))
  }

  function finish(path: string, below: string, identity: string, key: string): void {
    try {
      if (!finishSource({ path, storedPath: below, identity, key }, options)) return
      const what = options.moveTo === undefined ? 'removed' : 'moved'
      log('debug', `${below} was ${what}, as S3 has it`, { file: below })
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error
      failures.add(below, error, identity)
    }
  }

  function pendingBytes(): number {
    let bytes = backlog.bytes()
    for (const { sizeBytes } of inFlight.values()) bytes += sizeBytes
    return bytes
  }

  function holdToLimit(): void {
    const { spoolBytes } = options
    if (spoolBytes === undefined) return
    const isOver = () => pendingBytes() > spoolBytes
    if (options.dropOldest) counts.dropped += dropOldest(backlog, isOver, { failures, log })
    else if (isOver() && !isOverLimit) {
      log('warn', `${root}: more than ${spoolBytes} bytes wait to be sent`, { pendingBytes: pendingBytes() })
    }
    isOverLimit = isOver()
  }

  async function onScanned(startedMs: number): Promise<void> {
    trouble = undefined
    lastScanAt = runtime.clock().toISOString()
    failures.prune(startedMs, (below) => tryInspect(join(root, below)) !== undefined)
    pruneCompressed(context.compressedDir, runtime.clock())
    journal.prune(monthMs, (path) => tryInspect(path)?.identity)
    await abortLeftovers({ ...context, signal })
  }

  async function* feed(): AsyncGenerator<Candidate[], void> {
    // Nothing can be sent without, and the keys hold a day: the answer tells it to a machine whose clock is wrong.
    await getThrough(() => context.uploader().credentials.get())
    while (!isEnding()) {
      const heldMs = sending.heldUntilMs() - monotonicMs()
      const files = heldMs > 0 ? [] : backlog.take(batchFiles, monotonicMs())
      for (const file of files) inFlight.set(file.path, file)
      if (files.length > 0) {
        yield files
        continue
      }
      if (backlog.files() === 0 && backlog.isIncomplete()) {
        backlog.startOver()
        tree?.rescan()
      }
      const readyMs = (backlog.nextReadyAtMs() ?? Number.POSITIVE_INFINITY) - monotonicMs()
      await alarm.wait(Math.max(1, heldMs, readyMs))
    }
  }

  /** Tries again for as long as it takes, also after a refusal. */
  async function getThrough(attempt: () => Promise<unknown>): Promise<void> {
    while (!isEnding()) {
      try {
        await retry(attempt, runtime, retrying(root))
        return
      } catch (error) {
        if (isEnding() || !(error instanceof DeviceFault || error instanceof Fault)) throw error
        sending.hold(error)
        await alarm.wait(Math.max(1, sending.heldUntilMs() - monotonicMs()))
      }
    }
  }

  function onFile(file: UploadedFile | FailedFile, state: FileState | undefined): void {
    const pending = inFlight.get(file.path)
    inFlight.delete(file.path)
    if (pending === undefined) return
    const { storedPath } = pending
    if (file.outcome !== 'failed') {
      sending.succeed()
      failures.remove(storedPath)
      if (file.outcome === 'sent') count(file, storedPath)
      if (state !== undefined) finish(file.path, storedPath, state.identity, file.key)
    } else if (!isOfOneFile(file.error)) sending.hold(file.error)
    else if (file.error.code !== 'FILE_CHANGED' && tryInspect(file.path) !== undefined) {
      failures.add(storedPath, file.error, pending.identity)
    }
    // It may have changed while it was sent.
    consider(storedPath)
  }

  function count({ key, sizeBytes, durationMs }: UploadedFile, storedPath: string): void {
    counts.sent++
    counts.sentBytes += sizeBytes
    lastSentAt = runtime.clock().toISOString()
    log('info', `sent ${storedPath}`, { file: storedPath, key, sizeBytes, durationMs: Math.round(durationMs) })
  }

  function observe(): TreeObserver {
    const spared = [context.dir, options.moveTo]
    return observeTree(
      {
        root,
        rescanMs,
        takesDirectory: (below) => !spared.includes(join(root, below)) && filter.takesDirectory(below),
        onFile: consider,
        onUnreadable: (below, error) => failures.add(below, error, undefined),
        onScanned,
        onBlind({ message }) {
          const hint = 'see fs.inotify.max_user_watches'
          log('warn', `${root}: not every change is seen at once: ${message}`, { hint })
        },
      },
      runtime,
    )
  }

  async function watchOnce(): Promise<void> {
    root = resolveRoot(given.directory)
    options = prepareAfterUpload(given, root)
    isRoundOver = false
    inFlight.clear()
    const lock = lockDirectory(context.dir, root)
    try {
      const observer = observe()
      tree = observer
      const stopBoth = () => {
        isRoundOver = true
        observer.end()
        alarm.ring()
      }
      const mayBegin = () => !isEnding()
      const uploads = uploadBatches(feed(), { ...context, objects, retrying, signal, mayBegin, onFile })
      const results = await Promise.allSettled([observer.ended.finally(stopBoth), uploads.finally(stopBoth)])
      for (const result of results) if (result.status === 'rejected') throw result.reason
    } finally {
      tree = undefined
      lock.release()
    }
  }

  /** Begins again after whatever stops it: a directory that is gone, a journal on a full disk, another process that syncs it. */
  async function watchOn(): Promise<void> {
    while (!isDraining && !signal.aborted) {
      try {
        await watchOnce()
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
        noteTrouble(error)
        if (!isDraining) await alarm.wait(Math.min(rescanMs, pauseMs))
      }
    }
  }

  function noteTrouble({ code, message, hint }: DeviceFault | Fault): void {
    if (trouble?.code === code) return
    log('error', `${given.directory}: ${code} ${message}`, { code, hint })
    trouble = { code, message, ...(hint !== undefined && { hint }), since: runtime.clock().toISOString() }
  }

  const ended = watchOn()
  return {
    ended,
    status: () => ({
      directory: root,
      pendingFiles: backlog.files() + inFlight.size,
      pendingBytes: pendingBytes(),
      isMorePending: backlog.isIncomplete(),
      ...counts,
      failed: failures.count(),
      failures: failures.latest(),
      ...(lastSentAt !== undefined && { lastSentAt }),
      ...(lastScanAt !== undefined && { lastScanAt }),
      watches: tree?.watches() ?? 0,
      ...(trouble !== undefined && { trouble }),
    }),
    async drain(patienceMs) {
      isDraining = true
      tree?.end()
      alarm.ring()
      const timer = setTimeout(cut, patienceMs)
      await ended.finally(() => clearTimeout(timer))
      return !signal.aborted
    },
  }
}

function resolveRoot(directory: string): string {
  try {
    return realpathSync(directory)
  } catch (error) {
    throw new DeviceFault('FILE_UNREADABLE', (error as Error).message, { cause: error })
  }
}
