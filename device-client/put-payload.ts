import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { WriteChunk } from './http/http-connection.ts'
import type { Content } from './source-file.ts'

/** What a PUT carries and how it vouches for it: to S3 with a CRC32, to the signature with a hash where TLS does not protect it. */
export interface PutPayload {
  readonly headers: Readonly<Record<string, string>>
  readonly payloadHash: string
  readonly body: Uint8Array | ((write: WriteChunk) => Promise<void>)
  /** Known when the body was read. */
  readonly crc32: () => number
}

/** Up to here a file is read whole, so that its checksum can go ahead of it in a header. */
const wholeBytes = 256 * 1024
export const checksumHeader = 'x-amz-checksum-crc32'
const unsigned = 'UNSIGNED-PAYLOAD'

/**
 * Reads a small file at once. A large one over TLS is read once, while it is sent, and its checksum follows it; without TLS it is read
 * twice, as the signature, which goes ahead, must hold its hash.
 */
export function createPutPayload(file: Content, isTls: boolean): PutPayload {
  if (file.sizeBytes <= wholeBytes) return wholePayload(readWhole(file), isTls)
  return isTls ? trailerPayload(file) : hashedPayload(file)
}

function readWhole(file: Content): Buffer {
  let bytes: Buffer | undefined
  let length = 0
  for (const chunk of file.read()) {
    // Most small files are one chunk, which nothing overwrites.
    if (chunk.length === file.sizeBytes) return chunk
    bytes ??= Buffer.allocUnsafeSlow(file.sizeBytes)
    length += chunk.copy(bytes, length)
  }
  return bytes ?? Buffer.alloc(0)
}

function wholePayload(bytes: Buffer, isTls: boolean): PutPayload {
  const checksum = crc32(bytes)
  return {
    crc32: () => checksum,
    headers: { 'content-length': String(bytes.length), [checksumHeader]: encodeCrc32(checksum) },
    payloadHash: isTls ? unsigned : createHash('sha256').update(bytes).digest('hex'),
    body: bytes,
  }
}

function hashedPayload(file: Content): PutPayload {
  const sha256 = createHash('sha256')
  let checksum = 0
  for (const chunk of file.read()) {
    sha256.update(chunk)
    checksum = crc32(chunk, checksum)
  }
  return {
    crc32: () => checksum,
    headers: { 'content-length': String(file.sizeBytes), [checksumHeader]: encodeCrc32(checksum) },
    payloadHash: sha256.digest('hex'),
    body: async (write) => {
      for (const chunk of file.read()) await write(chunk)
    },
  }
}

/**
 * The aws-chunked form with a trailing checksum (Amazon S3 API reference, "Signature calculations: trailing headers"). The file is one
 * chunk, as the AWS SDK for Go sends it too: its size is known.
 */
function trailerPayload(file: Content): PutPayload {
  const head = `${file.sizeBytes.toString(16)}\r\n`
  const tail = (value: number) => `\r\n0\r\n${checksumHeader}:${encodeCrc32(value)}\r\n\r\n`
  let checksum = 0
  return {
    crc32: () => checksum,
    headers: {
      'content-encoding': 'aws-chunked',
      'content-length': String(head.length + file.sizeBytes + tail(0).length),
      'x-amz-decoded-content-length': String(file.sizeBytes),
      'x-amz-trailer': checksumHeader,
    },
    payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    body: async (write) => {
      await write(Buffer.from(head))
      for (const chunk of file.read()) {
        checksum = crc32(chunk, checksum)
        await write(chunk)
      }
      await write(Buffer.from(tail(checksum)))
    },
  }
}

/** As S3 writes it: base64 of its four bytes. */
export function encodeCrc32(checksum: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(checksum)
  return bytes.toString('base64')
}
