import { isUtf8 } from 'node:buffer'
import { lstatSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
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
import { walkDirectory } from '../sync/walk-directory.ts'
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
import { createDirectoryWatches, type DirectoryWatches } from './directory-watches.ts'
import { dropOldest } from './drop-oldest.ts'
import { createFailureList } from './failure-list.ts'
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

export interface WatchContext extends Omit<UploadContext, 'onFile'> {
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
  /** Begins no further file, and resolves when those under way have ended. */
  drain(): Promise<void>
  /** Looks at everything at once. */
  rescan(): void
}

const heldFiles = 10_000
const batchFiles = 256
/** Where the kernel cannot tell of everything. */
const blindRescanMs = 60_000
const monthMs = 30 * 86_400_000

/**
 * Sends what appears below a directory until it is drained, whatever happens to the link and to the directory. What the kernel tells of
 * is looked at right away, everything now and then. Files that S3 does not take wait until they change, or for an hour.
 */
export function watchDirectory(given: WatchOptions, context: WatchContext): WatchedDirectory {
  const { runtime, journal, log, sending } = context
  const objects = given.objects ?? context.objects
  checkObjectOptions(objects)
  let options = given
  const { monotonicMs } = runtime
  const settleMs = (options.settleSeconds ?? 1) * 1000
  const rescanMs = (options.rescanSeconds ?? 900) * 1000
  const filter = createPathFilter(options)
  const backlog = createBacklog(heldFiles)
  const feedAlarm = createAlarm()
  const scanAlarm = createAlarm()
  /** What is being sent, and whether it changed meanwhile. */
  const inFlight = new Map<string, PendingFile>()
  const failures = createFailureList(runtime, log)
  const counts = { sent: 0, sentBytes: 0, dropped: 0 }
  let root = options.directory
  let watches: DirectoryWatches | undefined
  let isDraining = false
  /** Why this round of watching is to end. */
  let roundFault: unknown
  let isRoundOver = false
  let scanWanted = false
  let isOverLimit = false
  let trouble: Trouble | undefined
  let lastSentAt: string | undefined
  let lastScanAt: string | undefined

  const isEnding = () => isDraining || isRoundOver || context.signal?.aborted === true
  const wakeAll = () => {
    feedAlarm.ring()
    scanAlarm.ring()
  }

  function endRound(error?: unknown): void {
    roundFault ??= error
    isRoundOver = true
    wakeAll()
  }

  function rescan(): void {
    scanWanted = true
    scanAlarm.ring()
  }

  function takesDirectory(below: string): boolean {
    const path = join(root, below)
    return path !== context.dir && path !== options.moveTo && filter.takesDirectory(below)
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
    feedAlarm.ring()
    holdToLimit()
  }

  /** By the file's date where that says enough, else counted from now: a date in the future never gets old. */
  function readyAtMs({ mtimeMs }: FileState): number {
    const ageMs = context.machineClock().getTime() - mtimeMs
    const waitedMs = ageMs > 0 ? ageMs : 0
    return monotonicMs() + Math.max(0, settleMs - waitedMs)
  }

  function finish(path: string, below: string, identity: string, key: string): void {
    try {
      if (finishSource({ path, storedPath: below, identity, key }, options)) {
        log('debug', `${below} was ${options.moveTo === undefined ? 'removed' : 'moved'}, as S3 has it`, {
          file: below,
        })
      }
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

  /** Looks at everything below a directory, and makes sure that it is watched. */
  async function scan(top: string): Promise<ReadonlySet<string>> {
    const seen = new Set([top])
    let count = 0
    watches?.ensure(top)
    const enters = (below: string) => {
      const path = top === '' ? below : `${top}/${below}`
      if (!takesDirectory(path)) return false
      seen.add(path)
      watches?.ensure(path)
      return true
    }
    for (const found of walkDirectory(join(root, top), enters)) {
      if (++count % batchFiles === 0) await setImmediate()
      if (isEnding()) break
      const path = top === '' ? found.path : `${top}/${found.path}`
      if (found.kind === 'file') consider(path)
      else if (found.kind === 'failed') failures.add(path, found.error, undefined)
    }
    return seen
  }

  async function keepScanning(): Promise<void> {
    while (!isEnding()) {
      scanWanted = false
      backlog.startOver()
      const startedMs = monotonicMs()
      const seen = await scan('')
      if (isEnding()) return
      trouble = undefined
      watches?.retain(seen)
      failures.prune(startedMs, (below) => tryInspect(join(root, below)) !== undefined)
      lastScanAt = runtime.clock().toISOString()
      pruneCompressed(context.compressedDir, runtime.clock())
      journal.prune(monthMs, (path) => tryInspect(path)?.identity)
      await abortLeftovers(context)
      const until = monotonicMs() + (watches?.isComplete() ? rescanMs : Math.min(rescanMs, blindRescanMs))
      while (!isEnding() && !scanWanted && monotonicMs() < until) await scanAlarm.wait(until - monotonicMs())
    }
  }

  /** What the kernel told of since the last turn of the event loop: writers cause many events for one file. */
  const dirty = new Set<string>()
  function onEvent(directory: string, name: Buffer | undefined): void {
    const isOfRoot = directory === '' && name?.toString() === basename(root)
    if (name === undefined || isOfRoot || !isUtf8(name)) rescan()
    else {
      if (dirty.size === 0) void setImmediate().then(lookAtDirty).catch(endRound)
      dirty.add(directory === '' ? name.toString() : `${directory}/${name}`)
    }
  }

  async function lookAtDirty(): Promise<void> {
    const paths = [...dirty]
    dirty.clear()
    for (const below of paths) {
      if (isEnding()) return
      if (isDirectory(join(root, below))) {
        if (takesDirectory(below)) await scanBelow(below)
      } else consider(below)
    }
  }

  /** A directory may be gone again. */
  async function scanBelow(below: string): Promise<void> {
    try {
      await scan(below)
    } catch (error) {
      if (!(error instanceof DeviceFault && error.code === 'FILE_UNREADABLE')) throw error
    }
  }

  async function* feed(): AsyncGenerator<Candidate[], void> {
    // Nothing can be sent without, and the keys hold a day: the answer tells it to a machine whose clock is wrong.
    await retryUntilHeld(() => context.uploader().credentials.get())
    while (!isEnding()) {
      const heldMs = sending.heldUntilMs() - monotonicMs()
      const files = heldMs > 0 ? [] : backlog.take(batchFiles, monotonicMs())
      for (const file of files) inFlight.set(file.path, file)
      if (files.length > 0) {
        yield files
        continue
      }
      if (backlog.files() === 0 && backlog.isIncomplete()) rescan()
      const readyMs = (backlog.nextReadyAtMs() ?? Number.POSITIVE_INFINITY) - monotonicMs()
      await feedAlarm.wait(Math.max(1, heldMs, readyMs))
    }
  }

  /** Tries again for as long as it takes, also after a refusal. */
  async function retryUntilHeld(attempt: () => Promise<unknown>): Promise<void> {
    while (!isEnding()) {
      try {
        await retry(attempt, runtime, context.retrying(root))
        return
      } catch (error) {
        if (isEnding() || !(error instanceof DeviceFault || error instanceof Fault)) throw error
        sending.hold(error)
        await feedAlarm.wait(Math.max(1, sending.heldUntilMs() - monotonicMs()))
      }
    }
  }

  function onFile(file: UploadedFile | FailedFile, state: FileState | undefined): void {
    const pending = inFlight.get(file.path)
    inFlight.delete(file.path)
    if (pending === undefined) return
    const { storedPath } = pending
    if (file.outcome !== 'failed') {
      const { key, sizeBytes, durationMs } = file
      sending.succeed()
      failures.remove(storedPath)
      lastSentAt = runtime.clock().toISOString()
      if (file.outcome === 'sent') {
        counts.sent++
        counts.sentBytes += sizeBytes
        log('info', `sent ${storedPath}`, { file: storedPath, key, sizeBytes, durationMs: Math.round(durationMs) })
      }
      if (state !== undefined) finish(file.path, storedPath, state.identity, key)
    } else if (isOfOneFile(file.error)) {
      // One that changed or is gone is looked at below.
      const { code } = file.error
      if (code !== 'FILE_CHANGED' && tryInspect(file.path) !== undefined) {
        failures.add(storedPath, file.error, pending.identity)
      }
    } else sending.hold(file.error)
    // It may have changed while it was sent.
    consider(storedPath)
  }

  async function watchOnce(): Promise<void> {
    root = resolveRoot(given.directory)
    options = prepareAfterUpload(given, root)
    isRoundOver = false
    roundFault = undefined
    inFlight.clear()
    const lock = lockDirectory(context.dir, root)
    watches = createDirectoryWatches(root, onEvent, ({ message }) => {
      log('warn', `${root}: not every change is seen at once: ${message}`, { hint: 'see fs.inotify.max_user_watches' })
    })
    try {
      await Promise.all([
        uploadBatches(feed(), { ...context, objects, onFile }).catch(endRound),
        keepScanning().catch(endRound),
      ])
      if (roundFault !== undefined) throw roundFault
    } finally {
      watches.close()
      watches = undefined
      lock.release()
    }
  }

  /** Begins again after whatever stops it: a directory that is gone, a journal on a full disk, another process that syncs it. */
  async function watchOn(): Promise<void> {
    while (!isDraining && !context.signal?.aborted) {
      try {
        await watchOnce()
      } catch (error) {
        if (context.signal?.aborted) return
        if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
        const { code, message, hint } = error
        if (trouble?.code !== code) log('error', `${options.directory}: ${code} ${message}`, { code, hint })
        trouble ??= { code, message, ...(hint !== undefined && { hint }), since: runtime.clock().toISOString() }
        await scanAlarm.wait(Math.min(rescanMs, blindRescanMs))
      }
    }
  }

  context.signal?.addEventListener('abort', wakeAll, { once: true })
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
      watches: watches?.count() ?? 0,
      ...(trouble !== undefined && { trouble }),
    }),
    async drain() {
      isDraining = true
      wakeAll()
      await ended
    },
    rescan,
  }
}

function resolveRoot(directory: string): string {
  try {
    return realpathSync(directory)
  } catch (error) {
    throw new DeviceFault('FILE_UNREADABLE', (error as Error).message, { cause: error })
  }
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
