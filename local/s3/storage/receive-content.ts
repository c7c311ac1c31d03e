import {
  type ChecksumAlgorithm,
  computeChecksum,
  type RunningChecksum,
  startChecksum,
} from '../checksum/checksum-algorithm.ts'
import { s3Error } from '../s3-error.ts'
import type { DataFiles } from './data-files.ts'
import { type FileWriter, startFile } from './write-file.ts'

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

/** Takes in a payload with bounded memory, hashing as it goes. What it wrote is gone when it throws. */
export async function receiveContent(
  files: DataFiles,
  body: AsyncIterable<Uint8Array>,
  { algorithms, maxBytes, expectedBytes, inlineBytes = defaultInlineBytes }: ReceiveOptions,
): Promise<Content> {
  const chunks: Uint8Array[] = []
  let size = 0
  let file: HashedFile | undefined
  try {
    for await (const chunk of body) {
      size += chunk.length
      if (size > maxBytes) throw tooLarge(size, maxBytes)
      if (file) {
        const room = file.write(chunk)
        if (room) await room
      } else {
        chunks.push(chunk)
        if (size > inlineBytes) {
          file = await startHashedFile(files, algorithms)
          for (const early of chunks.splice(0)) await file.write(early)
        }
      }
    }
    if (expectedBytes !== undefined && size !== expectedBytes) throw s3Error('IncompleteBody')
    if (file) return { size, ...(await file.finish()) }
    const bytes = Buffer.concat(chunks)
    const checksums = digestEach(algorithms, (algorithm) => computeChecksum(algorithm, bytes))
    return { size, md5: computeChecksum('MD5', bytes), checksums, place: { bytes } }
  } catch (error) {
    await file?.writer.abandon()
    throw error
  }
}

/** Forgets data that found no object. */
export function discardContent(files: DataFiles, content: Content): void {
  if ('file' in content.place) files.remove(content.place.file)
}

interface HashedFile {
  readonly writer: FileWriter
  write(chunk: Uint8Array): Promise<void> | undefined
  finish(): Promise<Omit<Content, 'size'>>
}

async function startHashedFile(files: DataFiles, algorithms: readonly ChecksumAlgorithm[]): Promise<HashedFile> {
  const writer = await startFile(files)
  const md5 = startChecksum('MD5')
  const running = new Map<ChecksumAlgorithm, RunningChecksum>()
  for (const algorithm of algorithms) running.set(algorithm, startChecksum(algorithm))
  return {
    writer,
    write(chunk) {
      md5.update(chunk)
      for (const checksum of running.values()) checksum.update(chunk)
      return writer.write(chunk)
    },
    async finish() {
      const checksums = digestEach(algorithms, (algorithm) => running.get(algorithm)?.digest())
      return { md5: md5.digest(), checksums, place: { file: await writer.finish() } }
    },
  }
}

function digestEach(
  algorithms: readonly ChecksumAlgorithm[],
  digest: (algorithm: ChecksumAlgorithm) => Buffer | undefined,
): Content['checksums'] {
  return Object.fromEntries(algorithms.map((algorithm) => [algorithm, digest(algorithm)?.toString('base64')]))
}

function tooLarge(size: number, maxBytes: number): Error {
  return s3Error('EntityTooLarge', { ProposedSize: String(size), MaxSizeAllowed: String(maxBytes) })
}
