import { type ChecksumAlgorithm, computeChecksum } from '../checksum/checksum-algorithm.ts'
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

/** Takes in a payload with bounded memory, hashing as it goes. What it wrote is gone when it throws. */
export async function receiveContent(
  files: DataFiles,
  body: AsyncIterable<Uint8Array>,
  { algorithms, maxBytes, expectedBytes, inlineBytes = defaultInlineBytes }: ReceiveOptions,
): Promise<Content> {
  const chunks: Uint8Array[] = []
  let size = 0
  let file: DataFileWriter | undefined
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
          file = files.create(algorithms)
          for (const early of chunks.splice(0)) await file.write(early)
        }
      }
    }
    if (expectedBytes !== undefined && size !== expectedBytes) throw s3Error('IncompleteBody')
    if (file) return describe(size, algorithms, await file.finish(), { file: file.name })
    const bytes = Buffer.concat(chunks)
    const digests = (['MD5', ...algorithms] as const).map((algorithm) => computeChecksum(algorithm, bytes))
    return describe(size, algorithms, digests, { bytes })
  } catch (error) {
    await file?.abandon()
    throw error
  }
}

/** Forgets data that found no object. */
export function discardContent(files: DataFiles, content: Content): void {
  if ('file' in content.place) files.remove(content.place.file)
}

/** `digests` are those of MD5 and of the algorithms. */
function describe(
  size: number,
  algorithms: readonly ChecksumAlgorithm[],
  [md5 = new Uint8Array(), ...digests]: readonly Uint8Array[],
  place: Content['place'],
): Content {
  const checksums = algorithms.map((algorithm, index) => [algorithm, toBase64(digests[index])])
  return { size, md5: Buffer.from(md5), checksums: Object.fromEntries(checksums), place }
}

function toBase64(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('base64')
}

function tooLarge(size: number, maxBytes: number): Error {
  return s3Error('EntityTooLarge', { ProposedSize: String(size), MaxSizeAllowed: String(maxBytes) })
}
