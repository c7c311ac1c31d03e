import { DeviceFault } from './device-fault.ts'
import type { Journal, JournalEntry, Multipart } from './journal/journal.ts'
import {
  abortMultipartUpload,
  completeMultipartUpload,
  createMultipartUpload,
  uploadPart,
} from './multipart-requests.ts'
import { type RetryOptions, retry } from './retry.ts'
import { runConcurrently } from './run-concurrently.ts'
import type { Runtime } from './runtime.ts'
import type { Uploader } from './send-to-s3.ts'
import type { SourceFile } from './source-file.ts'

/** One file on its way. */
export interface Sending {
  /** Asked for before each attempt, as the device may have renewed its certificate. */
  readonly uploader: () => Uploader
  readonly runtime: Runtime
  readonly journal: Journal
  readonly entry: JournalEntry
  readonly file: SourceFile
  /** Of the object: its media type and metadata. */
  readonly headers: Readonly<Record<string, string>>
  readonly retrying: RetryOptions
  readonly onBytes: (count: number) => void
}

const mebibyte = 1024 * 1024
const leastPartBytes = 16 * mebibyte
/** Amazon S3 user guide, "Amazon S3 multipart upload limits". */
const mostParts = 10_000
/** While one part waits for its answer, the next is sent. */
const partsAtOnce = 2
/** The shortest time after which a lifecycle rule removes an upload: until then, only we end it. */
const undisturbedMs = 86_400_000

/**
 * Sends a file in parts and makes one object of them; goes on where the journal says, with no part that was finished. Each request
 * is tried again by itself. An upload that S3 no longer has, or cannot complete, is begun anew once, under the same key.
 * Throws what sendToS3 throws, and FILE_CHANGED.
 */
export async function sendMultipart(sending: Sending): Promise<void> {
  const { journal, entry } = sending
  let multipart = entry.multipart
  for (let isLast = false; ; isLast = true) {
    multipart ??= await begin(sending)
    try {
      await sendParts(sending, multipart)
      return await complete(sending, multipart)
    } catch (error) {
      const isLost = error instanceof DeviceFault && (error.code === 'UPLOAD_GONE' || error.code === 'UPLOAD_REFUSED')
      if (!isLost) throw error
      journal.forgetMultipart(entry)
      if (isLast) throw error
      multipart = undefined
    }
  }
}

function partBytesFor(sizeBytes: number): number {
  return Math.max(leastPartBytes, Math.ceil(sizeBytes / mostParts / mebibyte) * mebibyte)
}

async function begin({ uploader, runtime, journal, entry, file, headers, retrying }: Sending): Promise<Multipart> {
  const create = () => createMultipartUpload(uploader(), entry.key, headers, retrying.signal)
  const id = await retry(create, runtime, retrying)
  try {
    return journal.begin(entry, { id, partBytes: partBytesFor(file.sizeBytes) })
  } catch (error) {
    // Nobody would know of it.
    await abortMultipartUpload(uploader(), entry.key, id, retrying.signal).catch(() => {})
    throw error
  }
}

async function sendParts(sending: Sending, { id, partBytes }: Multipart): Promise<void> {
  const { uploader, runtime, journal, entry, file, retrying, onBytes } = sending
  const count = Math.ceil(file.sizeBytes / partBytes)
  const finished = new Set(journal.parts(entry).map((part) => part.number))
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !finished.has(number))
  // When one fails, the other still ends: what it has sent is not to be sent again.
  await runConcurrently(missing, partsAtOnce, async (number) => {
    const start = (number - 1) * partBytes
    const content = file.part(start, Math.min(partBytes, file.sizeBytes - start))
    const send = () => uploadPart(uploader(), entry.key, id, number, content, retrying.signal)
    journal.addPart(entry, await retry(send, runtime, retrying))
    onBytes(content.sizeBytes)
  })
}

/**
 * Asks S3 to make the object, and settles an answer that was lost: a key that exists was written by us, as nobody else knows it,
 * and an upload that is gone after it was asked for became the object, unless S3 may have removed it for its age.
 */
async function complete(sending: Sending, multipart: Multipart): Promise<void> {
  const { uploader, runtime, journal, entry, file, retrying } = sending
  const parts = journal.parts(entry)
  const whole = { ...multipart, sizeBytes: file.sizeBytes }
  let mayBeThere = multipart.isCompleting
  file.checkUnchanged()
  journal.setCompleting(entry, true)

  async function attempt(): Promise<void> {
    try {
      await completeMultipartUpload(uploader(), entry.key, whole, parts, retrying.signal)
    } catch (error) {
      if (!(error instanceof DeviceFault)) throw error
      const ageMs = runtime.clock().getTime() - multipart.begunMs
      const isUndisturbed = ageMs >= 0 && ageMs < undisturbedMs
      if (error.code === 'OBJECT_EXISTS') return journal.forgetMultipart(entry)
      if (error.code === 'UPLOAD_GONE' && mayBeThere && isUndisturbed) return
      if (error.code === 'UPLOAD_CONFLICT') {
        // S3 may want all parts again after this (API reference, "CompleteMultipartUpload"): an upload that is gone proves nothing.
        mayBeThere = false
        journal.setCompleting(entry, false)
      } else mayBeThere = true
      // The parts do not make up the file: the same question would get the same answer.
      if (error.code === 'UPLOAD_CORRUPTED') throw new DeviceFault('UPLOAD_REFUSED', error.message, { cause: error })
      throw error
    }
  }
  await retry(attempt, runtime, retrying)
}
