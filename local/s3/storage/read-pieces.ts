import { Readable } from 'node:stream'
import { type DataFiles, shorterThanKnown } from './data-files.ts'
import type { Location, Piece } from './object-version.ts'

const chunkBytes = 256 * 1024
/** Up to here a read costs less than the way to another thread and back. */
const maxSyncBytes = 64 * 1024

type Span = Location & { readonly length: number }

/**
 * Bytes `start` to `end` (not included) of an object. What is read stays readable when the object is overwritten or
 * deleted meanwhile. A stream that is returned must be read to its end or destroyed.
 */
export function readPieces(
  files: DataFiles,
  pieces: readonly Piece[],
  start: number,
  end: number,
): Uint8Array | Readable {
  const spans: Span[] = []
  let begin = 0
  for (const { file, offset, size } of pieces) {
    const from = Math.max(start - begin, 0)
    const length = Math.min(end - begin, size) - from
    if (length > 0) spans.push({ file, offset: offset + from, length })
    begin += size
  }
  const [first, ...more] = spans
  if (!first) return new Uint8Array()
  if (more.length === 0 && first.length <= maxSyncBytes) return files.read(first, first.length)
  const unpin = files.pin(spans.map(({ file }) => file))
  return Readable.from(readSpans(files, spans), { objectMode: false, highWaterMark: chunkBytes }).once('close', unpin)
}

async function* readSpans(files: DataFiles, spans: readonly Span[]): AsyncGenerator<Uint8Array> {
  for (const { file, offset, length } of spans) {
    const handle = await files.open(file)
    try {
      for (let done = 0; done < length; ) {
        const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, length - done))
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset + done)
        if (bytesRead === 0) throw shorterThanKnown(file)
        done += bytesRead
        yield chunk.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  }
}
