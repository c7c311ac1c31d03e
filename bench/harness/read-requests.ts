import type { Socket } from 'node:net'

export interface SinkRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Of the content without its framing. */
  readonly contentBytes: number
}

const lineEnd = '\r\n'

/** Reads HTTP/1.1 requests off a socket and passes each on when it is whole; of a body it keeps nothing. */
export function readRequests(socket: Socket, onRequest: (request: SinkRequest) => void): void {
  let rest: Buffer = Buffer.alloc(0)
  let request: SinkRequest | undefined
  /** Of the body, or of its present chunk. */
  let missingBytes = 0
  let isChunked = false

  /** The text up to a mark, which is taken off; undefined until it has come whole. */
  function takeUntil(mark: string): string | undefined {
    const end = rest.indexOf(mark)
    if (end < 0) return undefined
    const text = rest.toString('latin1', 0, end)
    rest = rest.subarray(end + mark.length)
    return text
  }

  function takeHead(): boolean {
    const head = takeUntil(lineEnd + lineEnd)
    if (head === undefined) return false
    request = parseHead(head)
    isChunked = /\r\ntransfer-encoding: *chunked/i.test(head)
    missingBytes = numberOf('content-length', head) ?? 0
    const isBodyDue = isChunked || missingBytes > rest.length
    if (isBodyDue && /\r\nexpect: *100-continue/i.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
    return true
  }

  /** Whether the body is over. */
  function takeBody(): boolean {
    for (;;) {
      const taken = Math.min(missingBytes, rest.length)
      missingBytes -= taken
      rest = rest.subarray(taken)
      if (missingBytes > 0) return false
      if (!isChunked) return true
      const line = takeUntil(lineEnd)
      if (line === undefined) return false
      const chunkBytes = Number.parseInt(line, 16)
      // The empty line that ends each chunk, and the whole, is passed over with it.
      missingBytes = chunkBytes + lineEnd.length
      if (chunkBytes === 0) isChunked = false
    }
  }

  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data])
    while (request !== undefined || takeHead()) {
      if (request === undefined || !takeBody()) return
      const whole = request
      request = undefined
      onRequest(whole)
    }
  })
}

function parseHead(head: string): SinkRequest {
  const [method = '', target = ''] = head.slice(0, head.indexOf(lineEnd)).split(' ')
  const [path = '', query] = target.split('?')
  const contentBytes = numberOf('x-amz-decoded-content-length', head) ?? numberOf('content-length', head) ?? 0
  return { method, path, query: new URLSearchParams(query), contentBytes: method === 'PUT' ? contentBytes : 0 }
}

function numberOf(header: string, head: string): number | undefined {
  const value = new RegExp(`\\r\\n${header}: *(\\d+)`, 'i').exec(head)?.[1]
  return value === undefined ? undefined : Number(value)
}
