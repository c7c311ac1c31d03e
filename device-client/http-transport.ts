import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { connectionFault } from './connection-fault.ts'
import { type ConnectionPool, createConnectionPool } from './http/connection-pool.ts'
import type { HttpBody } from './http/http-connection.ts'
import type { HttpAnswer } from './http/read-answers.ts'

export type { HttpAnswer }

export interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT'
  readonly url: URL
  /** In place of the URL's path and query, for who sends many requests to one server. */
  readonly path?: string
  /** With a content-length when the body is written in chunks. */
  readonly headers: Readonly<Record<string, string | number>>
  readonly body?: string | HttpBody
  readonly signal?: AbortSignal | undefined
}

/** Sends requests over kept connections. Rejects with a DeviceFault of the connection; any answer, whatever its status, resolves. */
export interface HttpTransport {
  send(request: HttpRequest): Promise<HttpAnswer>
  close(): void
}

export interface HttpTransportOptions {
  /** The device's key and certificate for mTLS, and the CAs to trust instead of Node's. */
  readonly tls: Pick<SecureContextOptions, 'key' | 'cert' | 'ca'>
  readonly maxConnections: number
  /** How long a connection may be silent. */
  readonly idleTimeoutMs: number
}

const nothing = Buffer.alloc(0)

/**
 * HTTP/1.1 with what the device needs and no more: half of what a small file costs with node:https is its general ways. To one server
 * go at most `maxConnections`.
 */
export function createHttpTransport({ tls, maxConnections, idleTimeoutMs }: HttpTransportOptions): HttpTransport {
  const pools = new Map<string, ConnectionPool>()
  const poolsOfUrls = new WeakMap<URL, ConnectionPool>()
  // A connection that is given the files instead makes one of its own: 6.7 ms against 2.8.
  let secureContext: SecureContext | undefined

  function poolOf({ protocol, host, hostname, port }: URL): ConnectionPool {
    const origin = `${protocol}//${host}`
    const known = pools.get(origin)
    if (known !== undefined) return known
    const isTls = protocol === 'https:'
    if (isTls) secureContext ??= createSecureContext(tls)
    const pool = createConnectionPool({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port) || (isTls ? 443 : 80),
      secureContext: isTls ? secureContext : undefined,
      maxConnections,
      idleTimeoutMs,
    })
    pools.set(origin, pool)
    return pool
  }

  return {
    async send(request) {
      const { url, signal } = request
      signal?.throwIfAborted()
      const body = typeof request.body === 'string' ? Buffer.from(request.body) : (request.body ?? nothing)
      const head = formatHead(request, body)
      try {
        let pool = poolsOfUrls.get(url)
        if (pool === undefined) {
          pool = poolOf(url)
          poolsOfUrls.set(url, pool)
        }
        return await pool.exchange(head, body, signal)
      } catch (error) {
        signal?.throwIfAborted()
        throw connectionFault(error, url.host)
      }
    },
    close() {
      for (const pool of pools.values()) pool.close()
      pools.clear()
    },
  }
}

const unsafeValue = /[^\t\x20-\x7e\x80-\xff]/

function formatHead({ method, url, path, headers }: HttpRequest, body: HttpBody): string {
  let head = `${method} ${path ?? url.pathname + url.search} HTTP/1.1\r\n`
  let hasLength = false
  if (headers.host === undefined) head += `host: ${url.host}\r\n`
  for (const name in headers) {
    const value = `${headers[name]}`
    if (unsafeValue.test(value)) throw new TypeError(`the header ${name} holds what no header may`)
    hasLength ||= name === 'content-length'
    head += `${name}: ${value}\r\n`
  }
  if (typeof body === 'function') head += 'expect: 100-continue\r\n'
  else if (!hasLength && method !== 'GET') head += `content-length: ${body.length}\r\n`
  return `${head}\r\n`
}
