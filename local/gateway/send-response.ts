import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { HttpResponse } from '#local/service.ts'

const MAX_DRAIN_BYTES = 8 * 1024 * 1024
const MAX_DRAIN_MS = 2000

/** Writes an answer, also to a client that is still sending: what is left of a small payload is read away first. */
export async function sendResponse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers = {}, body = '' }: HttpResponse,
  options: { awaitsContinue: boolean },
): Promise<void> {
  const isDrained = request.complete || (!options.awaitsContinue && (await drain(request)))
  if (!isDrained) response.setHeader('connection', 'close')
  response.writeHead(status, headers)
  if (!(body instanceof Readable)) {
    response.end(request.method === 'HEAD' ? undefined : body)
  } else if (request.method === 'HEAD') {
    body.destroy()
    response.end()
  } else {
    // A client that goes away, or a file that fails half-way: pipeline destroys both ends, and nobody is left to tell.
    await pipeline(body, response).catch(() => {})
  }
}

/** True when the payload has ended; false when it's too long or too slow to wait for, or its sender has gone. */
function drain(request: IncomingMessage): Promise<boolean> {
  if (request.destroyed) return Promise.resolve(false)
  return new Promise((resolve) => {
    let bytes = 0
    const timer = setTimeout(finish, MAX_DRAIN_MS, false)
    function finish(isDrained: boolean): void {
      clearTimeout(timer)
      resolve(isDrained)
    }
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > MAX_DRAIN_BYTES) finish(false)
    })
    request.on('end', () => finish(true))
    request.on('close', () => finish(false))
    request.resume()
  })
}
