import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { s3Error } from './s3.ts'

/** Refuses what was changed on its way, as S3 does, by the one checksum or the other in turn; `handle` gets the rest. */
export function refuseDamaged(handle: RequestListener) {
  const refusals: string[] = []
  let count = 0
  const listener: RequestListener = async (request, response) => {
    const body = await buffer(request).catch(() => undefined)
    if (body === undefined) return
    const { method, url, headers } = request
    const isHashWrong = headers['x-amz-content-sha256'] !== createHash('sha256').update(body).digest('hex')
    const checksum = headers['x-amz-checksum-crc32']
    const isChecksumWrong = method === 'PUT' && checksum !== encodeCrc32(body)
    if (headers['x-amz-content-sha256'] === 'UNSIGNED-PAYLOAD' || !isHashWrong) {
      handle(Object.assign(Readable.from([body]), { method, url, headers }) as IncomingMessage, response)
      return
    }
    const code = isChecksumWrong && ++count % 2 === 0 ? 'BadDigest' : 'XAmzContentSHA256Mismatch'
    refusals.push(code)
    response.writeHead(400).end(s3Error(code))
  }
  return { listener, refusals }
}

function encodeCrc32(content: Buffer): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(content))
  return bytes.toString('base64')
}
