import { createHash, randomBytes } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'

export interface ReceivedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly content: Buffer
}

interface Upload {
  readonly path: string
  readonly parts: Map<number, Buffer>
}

/**
 * An S3 of one bucket that stores objects, whole or in parts, never over another, and checks checksums. `interfere` sees each request
 * when it has come whole: true when it answered itself, lose when it is to be done and its answer lost. The signature is not checked here.
 */
export function createS3Sink(
  interfere: (request: ReceivedRequest, response: ServerResponse, count: number) => boolean | 'lose' = () => false,
) {
  const requests: ReceivedRequest[] = []
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Upload>()

  function answer(request: ReceivedRequest, response: ServerResponse): void {
    const { method, path, query, headers, content } = request
    const uploadId = query.get('uploadId')
    const upload = uploads.get(uploadId ?? '')
    const isUploadThere = upload?.path === path
    if (query.has('uploads')) {
      assertEqual(headers['x-amz-checksum-type'], 'FULL_OBJECT')
      const id = randomBytes(8).toString('hex')
      uploads.set(id, { path, parts: new Map() })
      response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    } else if (uploadId !== null && method !== 'POST' && !isUploadThere) {
      response.writeHead(404).end(s3Error('NoSuchUpload'))
    } else if (method === 'DELETE') {
      uploads.delete(uploadId ?? '')
      response.writeHead(204).end()
    } else if (upload !== undefined && method === 'PUT') {
      upload.parts.set(Number(query.get('partNumber')), content)
      response.setHeader('etag', etagOf(content)).end()
    } else {
      assertEqual(headers['if-none-match'], '*')
      if (objects.has(path)) response.writeHead(412).end(s3Error('PreconditionFailed'))
      else if (uploadId !== null && !isUploadThere) response.writeHead(404).end(s3Error('NoSuchUpload'))
      else {
        objects.set(path, upload === undefined ? content : assemble(request, upload))
        uploads.delete(uploadId ?? '')
        response.end('<Result/>')
      }
    }
  }

  const handle: RequestListener = async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    if (body === undefined) return
    const received = receive(request, body)
    requests.push(received)
    const verdict = interfere(received, response, requests.length)
    if (verdict === true) return
    if (verdict === 'lose') response.socket?.destroy()
    answer(received, response)
  }
  return { requests, objects, uploads, handle }
}

export function s3Error(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>about &quot;${code}&quot;</Message></Error>`
}

function receive(request: IncomingMessage, body: Buffer): ReceivedRequest {
  const { headers, method = '', url = '' } = request
  const [path = '', query] = url.split('?')
  return { method, url, path, query: new URLSearchParams(query), headers, content: checkedContent(body, request) }
}

function checkedContent(body: Buffer, { headers, method }: IncomingMessage): Buffer {
  const payloadHash = headers['x-amz-content-sha256']
  if (payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return unframe(body, headers)
  if (payloadHash !== 'UNSIGNED-PAYLOAD') assertEqual(payloadHash, createHash('sha256').update(body).digest('hex'))
  if (method === 'PUT') assertEqual(headers['x-amz-checksum-crc32'], encodedCrc32(body))
  return body
}

/** Of the parts that are listed: all, in their order, with the checksums of each and of the whole. */
function assemble({ content, headers }: ReceivedRequest, { parts }: Upload): Buffer {
  const pattern = /<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag><ChecksumCRC32>(.*?)<\/ChecksumCRC32>/g
  const listed = [...content.toString().matchAll(pattern)].map(([, number, etag, checksum], index) => {
    const part = parts.get(Number(number)) ?? Buffer.alloc(0)
    assertEqual(etag?.replaceAll('&#34;', '"'), etagOf(part))
    assertEqual(checksum, encodedCrc32(part))
    assertEqual(Number(number), index + 1)
    return part
  })
  assertEqual(listed.length, parts.size)
  const whole = Buffer.concat(listed)
  assertEqual(headers['x-amz-checksum-crc32'], encodedCrc32(whole))
  assertEqual(headers['x-amz-mp-object-size'], String(whole.length))
  return whole
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`
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
