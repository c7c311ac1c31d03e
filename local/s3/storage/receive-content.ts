import type { FileHandle } from 'node:fs/promises'
import { type ChecksumAlgorithm, type RunningChecksum, startChecksum } from '../checksum/checksum-algorithm.ts'
import { s3Error } from '../s3-error.ts'
import type { DataFiles } from './data-files.ts'

/** Data that has arrived and belongs to no object yet: small data in memory (it goes into the index), the rest in a file. */
export interface Content {
  readonly size: number
  readonly md5: Buffer
  /** Base64, one for each algorithm that was asked for. */
  readonly checksums: Readonly<Partial<Record<ChecksumAlgorithm, string>>>
  readonly place: { readonly bytes: Buffer } | { readonly file: string }
}

export interface ReceiveOptions {
  readonly algorithms: readonly ChecksumAlgorithm[]
  readonly maxBytes: number
  /** What the client announced; undefined where the form of the request announces nothing. */
  readonly expectedBytes?: number | undefined
  /** Up to here the data stays in memory: one row in SQLite costs less than a file of its own. */
  readonly inlineBytes?: number
}

const defaultInlineBytes = 64 * 1024
const batchBytes = 1024 * 1024

/** Takes in a payload with bounded memory, hashing as it goes. What it wrote is gone when it throws. */
export async function receiveContent(
  files: DataFiles,
  body: AsyncIterable<Uint8Array>,
  { algorithms, maxBytes, expectedBytes, inlineBytes = defaultInlineBytes }: ReceiveOptions,
): Promise<Content> {
  const md5 = startChecksum('MD5')
  const running = algorithms.map((algorithm): [ChecksumAlgorithm, RunningChecksum] => [
    algorithm,
    startChecksum(algorithm),
  ])
  const chunks: Uint8Array[] = []
  let size = 0
  let spill: Spill | undefined
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > maxBytes)
        throw s3Error('EntityTooLarge', { ProposedSize: String(size), MaxSizeAllowed: String(maxBytes) })
      md5.update(chunk)
      for (const [, checksum] of running) checksum.update(chunk)
      if (spill) {
        await spill.write(chunk)
      } else {
        chunks.push(chunk)
        if (size > inlineBytes) {
          spill = await startSpill(files)
          await spill.write(...chunks.splice(0))
        }
      }
    }
    if (expectedBytes !== undefined && size !== expectedBytes) throw s3Error('IncompleteBody')
    const checksums = Object.fromEntries(
      running.map(([algorithm, checksum]) => [algorithm, checksum.digest().toString('base64')]),
    )
    const place = spill ? { file: await spill.finish() } : { bytes: Buffer.concat(chunks) }
    return { size, md5: md5.digest(), checksums, place }
  } catch (error) {
    await spill?.abandon()
    throw error
  }
}

/** Forgets data that found no object. */
export function discardContent(files: DataFiles, content: Content): void {
  if ('file' in content.place) files.remove(content.place.file)
}

interface Spill {
  write(...chunks: Uint8Array[]): Promise<void>
  finish(): Promise<string>
  abandon(): Promise<void>
}

/** Writes in batches, one of them under way while the next fills up. */
async function startSpill(files: DataFiles): Promise<Spill> {
  const { name, handle } = await files.create()
  let batch: Uint8Array[] = []
  let batched = 0
  let writing: Promise<unknown> = Promise.resolve()

  async function flush(): Promise<void> {
    await writing
    const full = batch
    batch = []
    batched = 0
    writing = writeAll(handle, full)
    // A failure surfaces at the next await; without a handler in between it would end the process.
    writing.catch(() => {})
  }

  return {
    async write(...chunks) {
      for (const chunk of chunks) {
        batch.push(chunk)
        batched += chunk.length
      }
      if (batched >= batchBytes) await flush()
    },
    async finish() {
      await flush()
      await writing
      await handle.close()
      return name
    },
    async abandon() {
      await writing.catch(() => {})
      await handle.close()
      files.remove(name)
    },
  }
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[]): Promise<void> {
  const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  if (total === 0) return
  const { bytesWritten } = await handle.writev(chunks)
  // A short write (disk full) shows at the rest, which then fails with its reason.
  if (bytesWritten < total) await handle.write(Buffer.concat(chunks).subarray(bytesWritten))
}
