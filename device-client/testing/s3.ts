import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'

export interface ReceivedPut {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly content: Buffer
}

/** Receives PUTs, checks their checksums, and stores each unless `interfere` answers first. The signature is not checked here. */
export function createS3Sink(
  interfere: (put: ReceivedPut, response: ServerResponse, count: number) => boolean = () => false,
) {
  const puts: ReceivedPut[] = []
  const objects = new Map<string, Buffer>()
  const handle: RequestListener = async (request, response) => {
    const put = await receive(request)
    puts.push(put)
    if (interfere(put, response, puts.length)) return
    if (objects.has(put.url)) return void response.writeHead(412).end(s3Error('PreconditionFailed'))
    objects.set(put.url, put.content)
    response.writeHead(200).end()
  }
  return { puts, objects, handle }
}

export function s3Error(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>about &quot;${code}&quot;</Message></Error>`
}

async function receive(request: IncomingMessage): Promise<ReceivedPut> {
  const body = await buffer(request)
  const { headers, url = '' } = request
  const payloadHash = headers['x-amz-content-sha256']
  if (payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return { url, headers, content: unframe(body, headers) }
  assertEqual(headers['x-amz-checksum-crc32'], encodedCrc32(body))
  if (payloadHash !== 'UNSIGNED-PAYLOAD') assertEqual(payloadHash, createHash('sha256').update(body).digest('hex'))
  return { url, headers, content: body }
}

/** aws-chunked of one or more chunks, and the checksum behind them. */
function unframe(body: Buffer, headers: IncomingHttpHeaders): Buffer {
  const chunks: Buffer[] = []
  for (let position = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', position)
    const length = Number.parseInt(body.toString('latin1', position, lineEnd), 16)
    if (length === 0) {
      const content = Buffer.concat(chunks)
      assertEqual(body.toString('latin1', lineEnd + 2), `x-amz-checksum-crc32:${encodedCrc32(content)}\r\n\r\n`)
      assertEqual(headers['x-amz-decoded-content-length'], String(content.length))
      return content
    }
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + length))
    position = lineEnd + 2 + length + 2
  }
}

function encodedCrc32(content: Buffer): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(content))
  return bytes.toString('base64')
}

function assertEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`the sink got ${actual} where ${expected} was due`)
}
