import { AwsError } from '#local/service.ts'
import type { ChunkSignatures } from './chunk-signatures.ts'
import type { PayloadReader } from './payload-reader.ts'

const MAX_LINE_BYTES = 8192
const MIN_CHUNK_BYTES = 8192

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'done'

export interface ChunkReaderOptions {
  /** `x-amz-decoded-content-length`: the payload's bytes without the framing. */
  readonly decodedBytes: number
  /** Names that `x-amz-trailer` announced; empty for a framing without trailers. */
  readonly trailerNames: readonly string[]
  /** Undefined for STREAMING-UNSIGNED-PAYLOAD-TRAILER. */
  readonly signatures: ChunkSignatures | undefined
  /** Filled when the trailers have arrived. */
  readonly trailers: Record<string, string>
}

/** aws-chunked: `SIZE[;chunk-signature=…]\r\n DATA \r\n … 0[;chunk-signature=…]\r\n [name:value\r\n …] \r\n`. */
export function createChunkReader({
  decodedBytes,
  trailerNames,
  signatures,
  trailers,
}: ChunkReaderOptions): PayloadReader {
  let state: State = 'size'
  let line = ''
  let remaining = 0
  let decoded = 0
  let lastSize = Number.POSITIVE_INFINITY
  let chunkSignature = ''
  const trailerLines: string[] = []

  function startChunk(header: string): void {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(header)
    if (!match || (signatures !== undefined) !== (match[2] !== undefined)) throw malformedChunk()
    remaining = Number.parseInt(match[1] ?? '', 16)
    chunkSignature = match[2] ?? ''
    decoded += remaining
    if (decoded > decodedBytes) throw incompleteBody()
    if (remaining > 0 && lastSize < MIN_CHUNK_BYTES) throw chunkTooSmall()
    lastSize = remaining
    if (remaining > 0) {
      state = 'data'
    } else {
      signatures?.checkChunk(chunkSignature)
      state = 'trailers'
    }
  }

  function takeLine(text: string): void {
    if (state === 'size') {
      startChunk(text)
    } else if (state === 'data-end') {
      if (text !== '') throw malformedChunk()
      signatures?.checkChunk(chunkSignature)
      state = 'size'
    } else if (text !== '') {
      trailerLines.push(text)
      if (trailerLines.length > trailerNames.length + 1) throw malformedTrailer()
    } else {
      finishTrailers()
    }
  }

  function finishTrailers(): void {
    Object.assign(trailers, parseTrailers(trailerLines, trailerNames, signatures))
    state = 'done'
  }

  return {
    write(chunk, emit) {
      let offset = 0
      while (offset < chunk.length) {
        if (state === 'done') throw malformedChunk()
        if (state === 'data') {
          const part = chunk.subarray(offset, offset + remaining)
          offset += part.length
          remaining -= part.length
          signatures?.update(part)
          emit(part)
          if (remaining === 0) state = 'data-end'
          continue
        }
        const newline = chunk.indexOf(10, offset)
        const end = newline < 0 ? chunk.length : newline
        if (line.length + end - offset > MAX_LINE_BYTES) throw malformedChunk()
        line += chunk.toString('latin1', offset, end)
        offset = end + 1
        if (newline < 0) break
        const text = line.endsWith('\r') ? line.slice(0, -1) : line
        line = ''
        takeLine(text)
      }
    },
    end() {
      // Some clients leave out the empty line after the last trailer.
      if (state === 'trailers' && line === '') finishTrailers()
      if (state !== 'done' || decoded !== decodedBytes) throw incompleteBody()
    },
  }
}

function parseTrailers(
  lines: readonly string[],
  names: readonly string[],
  signatures: ChunkSignatures | undefined,
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).trim().toLowerCase()
    if (colon < 1 || Object.hasOwn(found, name)) throw malformedTrailer()
    found[name] = line.slice(colon + 1).trim()
  }
  const { 'x-amz-trailer-signature': signature, ...trailers } = found
  const complete = names.every((name) => Object.hasOwn(trailers, name))
  if (!complete || Object.keys(trailers).length !== names.length) throw malformedTrailer()
  if (signatures && names.length > 0) {
    if (signature === undefined) throw malformedTrailer()
    const canonical = names.toSorted().map((name) => `${name}:${trailers[name]}\n`)
    signatures.checkTrailers(canonical.join(''), signature)
  }
  return trailers
}

function malformedChunk(): AwsError {
  return new AwsError('InvalidRequest', 'The aws-chunked framing of the payload is not well-formed.')
}

function malformedTrailer(): AwsError {
  return new AwsError(
    'MalformedTrailerError',
    'The request contained trailing data that was not well-formed or did not conform to our published schema.',
  )
}

function chunkTooSmall(): AwsError {
  return new AwsError('InvalidChunkSizeError', 'Only the last chunk is allowed to have a size less than 8192 bytes')
}

function incompleteBody(): AwsError {
  return new AwsError('IncompleteBody', 'The request body terminated unexpectedly')
}
