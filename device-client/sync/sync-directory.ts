import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import { pruneCompressed } from '../objects/compress-file.ts'
import { inspectFile } from '../source-file.ts'
import { type Candidate, type FailedFile, type UploadContext, type UploadedFile, uploadFiles } from '../upload-files.ts'
import { type AfterUpload, finishSource, prepareAfterUpload } from './finish-source.ts'
import { lockDirectory } from './lock-directory.ts'
import { isOfOneFile } from './of-one-file.ts'
import { createPathFilter, type PathPatterns } from './select-path.ts'
import { tryInspect } from './try-inspect.ts'
import { type SkipReason, walkDirectory } from './walk-directory.ts'

export interface SyncOptions extends PathPatterns, AfterUpload {
  /** Files that were changed more lately than this are left for the next time. */
  readonly minAgeSeconds?: number | undefined
  /** Only tells what would be sent, as if it was; S3 is not asked. */
  readonly dryRun?: boolean
  /** Told of each file that is taken; paths below the directory. What it throws ends the sync. */
  readonly onFile?: (file: UploadedFile | FailedFile) => void
  readonly onSkip?: (file: SkippedFile) => void
  /** Told of bytes as S3 confirms them, part by part. */
  readonly onBytes?: (count: number) => void
}

export interface SkippedFile {
  /** Below the directory. */
  readonly path: string
  /** link: symbolic · notRegular: a pipe, socket or device · tooYoung: see minAgeSeconds. */
  readonly reason: SkipReason | 'tooYoung'
}

/** Counts of files; what the patterns leave out is in none. What S3 has and could not be removed or moved here is told as sent or present, and as failed. */
export interface SyncSummary {
  readonly sent: number
  readonly sentBytes: number
  readonly present: number
  readonly skipped: number
  readonly failed: number
  readonly deleted: number
  readonly moved: number
}

interface SyncContext extends Omit<UploadContext, 'onFile'> {
  /** The device's folder. */
  readonly dir: string
  /** What this machine says, by which it dates files. */
  readonly machineClock: () => Date
}

const monthMs = 30 * 86_400_000

/** See Device.sync. Memory does not grow with the number of files: they are sent while the walk goes on. */
export async function syncDirectory(directory: string, given: SyncOptions, context: SyncContext): Promise<SyncSummary> {
  const root = resolveRoot(directory)
  const options = given.dryRun ? given : prepareAfterUpload(given, root)
  const deviceDir = realpathSync(context.dir)
  if (`${root}/`.startsWith(`${deviceDir}/`)) {
    throw new DeviceFault('DIRECTORY_UNUSABLE', `${directory} is the folder of the device, which holds its key`)
  }
  const counts = { sent: 0, sentBytes: 0, present: 0, skipped: 0, failed: 0, deleted: 0, moved: 0 }
  const filter = createPathFilter(options)
  const below = (path: string) => path.slice(root === '/' ? 1 : root.length + 1)

  function fail(path: string, error: DeviceFault | Fault): void {
    counts.failed++
    options.onFile?.({ path, outcome: 'failed', error })
    if (!isOfOneFile(error)) throw error
  }

  /** What S3 has stays at S3, and the next sync tries again to take it away here. */
  function finish(source: Parameters<typeof finishSource>[0]): void {
    try {
      if (finishSource(source, options)) counts[options.moveTo === undefined ? 'deleted' : 'moved']++
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error
      counts.failed++
      options.onFile?.({ path: source.storedPath, outcome: 'failed', error })
    }
  }

  function skip(path: string, reason: SkippedFile['reason']): void {
    counts.skipped++
    options.onSkip?.({ path, reason })
  }

  function* walk(): Generator<Candidate, void> {
    const spared = [deviceDir, options.moveTo]
    const takesDirectory = (path: string) => !spared.includes(join(root, path)) && filter.takesDirectory(path)
    for (const found of walkDirectory(root, takesDirectory)) {
      if (!filter.takesFile(found.path)) continue
      if (found.kind === 'failed') fail(found.path, found.error)
      else if (found.kind === 'skipped') skip(found.path, found.reason)
      else if (isYoung(join(root, found.path))) skip(found.path, 'tooYoung')
      else yield { path: join(root, found.path), storedPath: found.path }
    }
  }

  /** A date in the future is no age: it would never come. */
  function isYoung(path: string): boolean {
    if (!options.minAgeSeconds) return false
    const mtimeMs = tryInspect(path)?.mtimeMs
    const ageMs = context.machineClock().getTime() - (mtimeMs ?? 0)
    return ageMs >= 0 && ageMs < options.minAgeSeconds * 1000
  }

  function tell(file: UploadedFile): void {
    counts[file.outcome]++
    if (file.outcome === 'sent') counts.sentBytes += file.sizeBytes
    options.onFile?.(file)
  }

  if (options.dryRun) {
    for (const { path } of walk()) {
      const { identity, sizeBytes } = inspectFile(path)
      const entry = context.journal.find({ path, identity })
      const outcome = entry?.isDone ? 'present' : 'sent'
      tell({ path: below(path), outcome, key: entry?.key ?? '', sizeBytes, durationMs: 0 })
    }
    return counts
  }

  const lock = lockDirectory(context.dir, root)
  try {
    await uploadFiles(walk(), {
      ...context,
      onBytes: options.onBytes ?? context.onBytes,
      onFile(file, state) {
        if (file.outcome === 'failed') return fail(below(file.path), file.error)
        tell({ ...file, path: below(file.path) })
        if (state === undefined) return
        const source = { path: file.path, storedPath: below(file.path), identity: state.identity, key: file.key }
        finish(source)
      },
    })
    pruneCompressed(context.compressedDir, context.runtime.clock())
    context.journal.prune(monthMs, (path) => tryInspect(path)?.identity)
    return counts
  } finally {
    lock.release()
  }
}

function resolveRoot(directory: string): string {
  try {
    return realpathSync(directory)
  } catch (error) {
    throw new DeviceFault('FILE_UNREADABLE', (error as Error).message, { cause: error })
  }
}
