import type { IncomingMessage, RequestOptions } from 'node:http'
import { isIPv6, type Socket } from 'node:net'
import { connectionFault } from './connection-fault.ts'
import { DeviceFault } from './device-fault.ts'

export interface TunnelOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * A connection through the proxy (RFC 9110, section 9.3.6), for TLS to begin on. The proxy looks the host name up. Throws
 * PROXY_AUTHENTICATION, PROXY_REFUSED, PROXY_UNAVAILABLE, or what the connection to the proxy failed of.
 */
export async function openTunnel(proxy: URL, { host, port, timeoutMs, signal }: TunnelOptions): Promise<Socket> {
  const target = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const options: RequestOptions = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: target,
    headers: { host: target, ...authorize(proxy) },
    agent: false,
    ...(signal && { signal }),
  }
  try {
    return await connect(proxy, options, timeoutMs, target)
  } catch (error) {
    signal?.throwIfAborted()
    throw connectionFault(error, `proxy ${proxy.host}`)
  }
}

function authorize({ username, password }: URL): Record<string, string> {
  if (username === '') return {}
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(secret).toString('base64')}` }
}

function connect(proxy: URL, options: RequestOptions, timeoutMs: number, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const { request } = process.getBuiltinModule(proxy.protocol === 'https:' ? 'node:https' : 'node:http')
    const outgoing = request(options)
    const timer = setTimeout(() => {
      outgoing.destroy(new DeviceFault('CONNECTION_TIMEOUT', `proxy ${proxy.host} was silent for too long`))
    }, timeoutMs)
    outgoing.once('close', () => clearTimeout(timer))
    outgoing.once('connect', (answer: IncomingMessage, socket: Socket) => {
      clearTimeout(timer)
      if (answer.statusCode === 200) return resolve(socket)
      socket.destroy()
      reject(refusal(answer, proxy, target))
    })
    // A server that knows no CONNECT answers as to any other request.
    outgoing.once('response', (answer) => {
      outgoing.destroy()
      reject(refusal(answer, proxy, target))
    })
    outgoing.once('error', reject)
    outgoing.end()
  })
}

function refusal({ statusCode = 0, statusMessage = '' }: IncomingMessage, proxy: URL, target: string): DeviceFault {
  const message = `proxy ${proxy.host} does not connect to ${target}: ${statusCode} ${statusMessage}`
  if (statusCode === 407) return new DeviceFault('PROXY_AUTHENTICATION', message)
  return new DeviceFault(statusCode >= 500 || statusCode === 429 ? 'PROXY_UNAVAILABLE' : 'PROXY_REFUSED', message)
}
