import { type ChecksumAlgorithm, computeChecksum, startChecksum } from '../checksum/checksum-algorithm.ts'
import { s3Error } from '../s3-error.ts'
import type { DataFiles, DataFileWriter } from './data-files.ts'

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

/** Takes in a payload with bounded memory, hashing as it goes; the chunks are its own. What it wrote is gone when it throws. */
export async function receiveContent(
  files: DataFiles,
  body: AsyncIterable<Uint8Array>,
  { algorithms, maxBytes, expectedBytes, inlineBytes = defaultInlineBytes }: ReceiveOptions,
): Promise<Content> {
  const chunks: Uint8Array[] = []
  let size = 0
  let large: LargeContent | undefined
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge(size, maxBytes)
      if (large) {
        const room = large.write(chunk)
        if (room) await room
      } else {
        chunks.push(chunk)
        if (size > inlineBytes) {
          large = startLargeContent(files, algorithms)
          for (const early of chunks.splice(0)) await large.write(early)
        }
      }
    }
    if (expectedBytes !== undefined && size !== expectedBytes) throw s3Error('IncompleteBody')
    if (large) return { size, ...(await large.finish()) }
    const bytes = Buffer.concat(chunks)
    const checksums = toValues(algorithms, (algorithm) => computeChecksum(algorithm, bytes))
    return { size, md5: computeChecksum('MD5', bytes), checksums, place: { bytes } }
  } catch (error) {
    await large?.file.abandon()
    throw error
  }
}

interface LargeContent {
  readonly file: DataFileWriter
  write(chunk: Uint8Array): Promise<void> | undefined
  finish(): Promise<Omit<Content, 'size'>>
}

/** MD5 is computed where the file is written; what else is asked for, here meanwhile. */
function startLargeContent(files: DataFiles, algorithms: readonly ChecksumAlgorithm[]): LargeContent {
  const file = files.create()
  const running = algorithms.map((algorithm) => startChecksum(algorithm))
  return {
    file,
    write(chunk) {
      for (const checksum of running) checksum.update(chunk)
      return file.write(chunk)
    },
    async finish() {
      const md5 = Buffer.from(await file.finish())
      const checksums = toValues(algorithms, (_, index) => running[index]?.digest())
      return { md5, checksums, place: { file: file.name } }
    },
  }
}

/** Forgets data that found no object. */
export function discardContent(files: DataFiles, content: Content): void {
  if ('file' in content.place) files.remove(content.place.file)
}

function toValues(
  algorithms: readonly ChecksumAlgorithm[],
  digest: (algorithm: ChecksumAlgorithm, index: number) => Buffer | undefined,
): Content['checksums'] {
  return Object.fromEntries(
    algorithms.map((algorithm, index) => [algorithm, digest(algorithm, index)?.toString('base64')]),
  )
}

function tooLarge(size: number, maxBytes: number): Error {
  return s3Error('EntityTooLarge', { ProposedSize: String(size), MaxSizeAllowed: String(maxBytes) })
}
