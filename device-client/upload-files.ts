import { basename, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Fault } from '#contract/fault.ts'
import { formatObjectKey } from '#contract/object-key.ts'
import type { UploadApi } from './by-url/upload-api.ts'
import { DeviceFault, isTransient } from './device-fault.ts'
import type { Journal, JournalEntry } from './journal/journal.ts'
import { abortMultipartUpload } from './multipart-requests.ts'
import { compressedSuffix, compressionOf } from './objects/compression.ts'
import type { ObjectOptions } from './objects/object-options.ts'
import { type RetryOptions, retry } from './retry.ts'
import { runConcurrently } from './run-concurrently.ts'
import type { Runtime } from './runtime.ts'
import type { Uploader } from './send-to-s3.ts'
import { type FileState, inspectFile } from './source-file.ts'
import { uploadFile } from './upload-file.ts'

export interface UploadedFile {
  /** As it was asked for. */
  readonly path: string
  /** sent: now · present: by an earlier call, and the file is still the same. */
  readonly outcome: 'sent' | 'present'
  readonly key: string
  readonly sizeBytes: number
  readonly durationMs: number
}

export interface FailedFile {
  readonly path: string
  readonly outcome: 'failed'
  readonly error: DeviceFault | Fault
}

/** What is to be sent. */
export interface Candidate {
  readonly path: string
  readonly storedPath?: string
  /** What it must still be. */
  readonly identity?: string
}

export interface UploadContext {
  readonly uploader: () => Uploader
  /** Where upload URLs come from; undefined when files go straight to S3. */
  readonly uploadApi: (() => UploadApi) | undefined
  readonly objects: ObjectOptions
  /** Where large files are compressed. */
  readonly compressedDir: string
  readonly runtime: Runtime
  readonly journal: Journal
  /** How many files at once. */
  readonly concurrency: number
  readonly signal: AbortSignal | undefined
  /** Whether another file may be begun; those that are passed over keep their place in the journal. */
  readonly mayBegin?: () => boolean
  readonly retrying: (path: string) => RetryOptions
  readonly onBytes: (count: number) => void
  /** Told of each file; what it throws ends the run. */
  readonly onFile: (file: UploadedFile | FailedFile, state: FileState | undefined) => void
}

interface Planned {
  readonly candidate: Candidate
  readonly path: string
  readonly state: FileState
  readonly entry: JournalEntry
}

interface Inspected extends Omit<Planned, 'entry'> {
  readonly entry: JournalEntry | undefined
}

const rememberedMs = 100
const idBytes = 8
const anyId = '0'.repeat(2 * idBytes)

/** A write to disk costs milliseconds: so many files share one. */
const batchFiles = 256

/**
 * Sends each file under its key of the journal, which is on disk before anything is sent. Files fail one by one; throws
 * JOURNAL_UNUSABLE, and what `onFile` or the signal throws.
 */
export async function uploadFiles(candidates: Iterable<Candidate>, context: UploadContext): Promise<void> {
  try {
    await uploadBatches(inBatches(candidates), context)
  } finally {
    await abortLeftovers(context)
  }
}

/** As uploadFiles, for files that turn up over time: the files of one batch share a write of the journal, and the next batch is asked for when a file of it could be sent. */
export async function uploadBatches(
  batches: Iterable<readonly Candidate[]> | AsyncIterable<readonly Candidate[]>,
  context: UploadContext,
): Promise<void> {
  const { runtime, concurrency, signal, onFile } = context
  const uploader = remember(context.uploader, runtime)
  await runConcurrently(planBatches(batches, context), concurrency, async ({ candidate, path, state, entry }) => {
    signal?.throwIfAborted()
    if (context.mayBegin?.() === false) return
    const started = runtime.monotonicMs()
    let key: string
    try {
      const planned = { path, identity: state.identity, storedPath: candidate.storedPath }
      key = await uploadFile(planned, { ...context, uploader, entry, retrying: context.retrying(candidate.path) })
    } catch (error) {
      return onFile({ path: candidate.path, outcome: 'failed', error: asFailure(error, signal) }, state)
    }
    const durationMs = runtime.monotonicMs() - started
    onFile({ path: candidate.path, outcome: 'sent', key, sizeBytes: state.sizeBytes, durationMs }, state)
  })
}

/** To ask means to look at the device's folder: many small files share a look. */
function remember(ask: UploadContext['uploader'], { monotonicMs }: Pick<Runtime, 'monotonicMs'>): () => Uploader {
  let known: { readonly uploader: Uploader; readonly untilMs: number } | undefined
  return () => {
    if (known === undefined || monotonicMs() >= known.untilMs) {
      known = { uploader: ask(), untilMs: monotonicMs() + rememberedMs }
    }
    return known.uploader
  }
}

function* inBatches(candidates: Iterable<Candidate>): Generator<Candidate[], void> {
  let batch: Candidate[] = []
  for (const candidate of candidates) {
    batch.push(candidate)
    if (batch.length < batchFiles) continue
    yield batch
    batch = []
  }
  yield batch
}

/** What belongs to one file; anything else is thrown. */
function asFailure(error: unknown, signal: AbortSignal | undefined): DeviceFault | Fault {
  signal?.throwIfAborted()
  if (error instanceof Fault || (error instanceof DeviceFault && error.code !== 'JOURNAL_UNUSABLE')) return error
  throw error
}

/** Yields what is to be sent, and tells of what was sent before. */
async function* planBatches(
  batches: Iterable<readonly Candidate[]> | AsyncIterable<readonly Candidate[]>,
  context: UploadContext,
): AsyncGenerator<Planned, void> {
  const { uploader, runtime, journal, signal, onFile } = context
  const { thingName } = uploader()
  const keyOf = (path: string, uploadId: string) => {
    const day = runtime.clock().toISOString().slice(0, 10)
    return formatObjectKey({ thingName, day, uploadId, name: objectName(path, context.objects) })
  }
  let drawnBytes = Buffer.alloc(0)
  const draw = (path: string) => {
    if (drawnBytes.length === 0) drawnBytes = Buffer.from(runtime.randomBytes(idBytes * batchFiles))
    const uploadId = drawnBytes.toString('hex', 0, idBytes)
    drawnBytes = drawnBytes.subarray(idBytes)
    return keyOf(path, uploadId)
  }
  let knowsTime = false

  function* inspect(candidates: readonly Candidate[]): Generator<Inspected, void> {
    for (const candidate of candidates) {
      try {
        const path = resolve(candidate.path)
        const state = inspectFile(path)
        if (candidate.identity !== undefined && candidate.identity !== state.identity) {
          throw new DeviceFault('FILE_CHANGED', `${path} changed before it was read`)
        }
        // Throws what makes no key, before it is in a batch with others.
        const entry = journal.find({ path, identity: state.identity })
        if (entry === undefined) keyOf(path, anyId)
        yield { candidate, path, state, entry }
      } catch (error) {
        context.onFile({ path: candidate.path, outcome: 'failed', error: asFailure(error, context.signal) }, undefined)
      }
    }
  }

  /** Nothing can be sent without, and keys hold the day: any answer tells it to a machine whose clock is wrong. */
  async function faultOfCredentials([first]: readonly Inspected[]): Promise<DeviceFault | Fault | undefined> {
    try {
      await retry(() => uploader().credentials.get(), runtime, context.retrying(first?.candidate.path ?? ''))
      return undefined
    } catch (error) {
      return asFailure(error, signal)
    }
  }

  for await (const batch of batches) {
    let inspected = [...inspect(batch)]
    const isSent = ({ entry }: Inspected) => entry?.isDone === true
    if (!knowsTime && !inspected.every(isSent)) {
      const fault = await faultOfCredentials(inspected)
      knowsTime = fault === undefined
      if (fault !== undefined) {
        for (const { candidate, state } of inspected.filter((file) => !isSent(file))) {
          onFile({ path: candidate.path, outcome: 'failed', error: fault }, state)
        }
        inspected = inspected.filter(isSent)
      }
    }
    const fresh = inspected.filter(({ entry }) => entry === undefined)
    const drawn = journal.plan(
      fresh.map(({ path, state }) => ({ path, identity: state.identity })),
      draw,
    )
    for (const file of inspected) {
      const entry = file.entry ?? drawn.shift()
      if (entry === undefined) continue
      if (!entry.isDone) yield { ...file, entry }
      else {
        signal?.throwIfAborted()
        const { candidate, state } = file
        const { sizeBytes } = state
        onFile({ path: candidate.path, outcome: 'present', key: entry.key, sizeBytes, durationMs: 0 }, state)
      }
    }
    await setImmediate()
  }
}

function objectName(path: string, { compress }: ObjectOptions): string {
  const name = basename(path)
  const format = compressionOf(name, compress)
  return format === undefined ? name : name + compressedSuffix[format]
}

/** Ends the multipart uploads that nobody goes on with, in one attempt each: what S3 cannot be asked now is asked after the next run, and what it refuses it removes in its time. */
export async function abortLeftovers({
  uploader,
  journal,
  signal,
}: Pick<UploadContext, 'uploader' | 'journal' | 'signal'>): Promise<void> {
  if (signal?.aborted) return
  for (const leftover of journal.leftovers()) {
    try {
      await abortMultipartUpload(uploader(), leftover.key, leftover.multipartId, signal)
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error
      if (isTransient(error)) return
    }
    journal.dropLeftover(leftover)
  }
}
