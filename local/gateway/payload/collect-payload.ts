import type { IncomingMessage } from 'node:http'
import { AwsError } from '#local/service.ts'
import { createPlainReader } from './payload-reader.ts'
import { createPayloadStream } from './payload-stream.ts'

/** The whole payload; throws RequestEntityTooLarge beyond the limit. */
export async function collectPayload(source: IncomingMessage, maxBytes: number, onStart: () => void): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of createPayloadStream(source, createPlainReader(), onStart)) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new AwsError('RequestEntityTooLarge', `The request body exceeds ${maxBytes} bytes`, 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
