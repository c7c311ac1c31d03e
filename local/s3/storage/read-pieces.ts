import { Readable } from 'node:stream'
import type { DataFiles } from './data-files.ts'
import type { Piece } from './object-version.ts'
import type { ObjectIndex } from './open-index.ts'
import type { Content } from './receive-content.ts'

const chunkBytes = 256 * 1024

interface Span {
  readonly place: Content['place']
  readonly start: number
  readonly length: number
}

/**
 * Bytes `start` to `end` (not included) of an object. What is read stays readable when the object is overwritten or
 * deleted meanwhile. A stream that is returned must be read to its end or destroyed.
 */
export function readPieces(
  { index, files }: { index: ObjectIndex; files: DataFiles },
  pieces: readonly Piece[],
  start: number,
  end: number,
): Uint8Array | Readable {
  const spans: Span[] = []
  let offset = 0
  for (const { data, size } of pieces) {
    const from = Math.max(start - offset, 0)
    const length = Math.min(end - offset, size) - from
    if (length > 0) spans.push({ place: index.locate(data), start: from, length })
    offset += size
  }
  const [first, ...more] = spans
  if (!first) return new Uint8Array()
  if (more.length === 0 && 'bytes' in first.place) {
    return first.place.bytes.subarray(first.start, first.start + first.length)
  }
  const unpin = files.pin(spans.flatMap(({ place }) => ('file' in place ? [place.file] : [])))
  return Readable.from(readSpans(files, spans), { objectMode: false, highWaterMark: chunkBytes }).once('close', unpin)
}

async function* readSpans(files: DataFiles, spans: readonly Span[]): AsyncGenerator<Uint8Array> {
  for (const { place, start, length } of spans) {
    if ('bytes' in place) yield place.bytes.subarray(start, start + length)
    else yield* readFile(files, place.file, start, length)
  }
}

async function* readFile(files: DataFiles, name: string, start: number, length: number): AsyncGenerator<Uint8Array> {
  const handle = await files.open(name)
  try {
    for (let done = 0; done < length; ) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, length - done))
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, start + done)
      if (bytesRead === 0) throw new Error(`data file ${name} is shorter than the index says`)
      done += bytesRead
      yield chunk.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}
