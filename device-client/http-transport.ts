import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import * as https from 'node:https'
import { connect as connectTls, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { connectionFault } from './connection-fault.ts'
import { DeviceFault } from './device-fault.ts'
import { findProxy } from './find-proxy.ts'

/** Passes one chunk on; resolves when the next may follow, and the chunk may be overwritten. */
export type WriteChunk = (chunk: Uint8Array) => Promise<void>

interface HttpRequest {
  readonly method: 'DELETE' | 'GET' | 'POST' | 'PUT'
  readonly url: URL
  readonly headers: Readonly<Record<string, string | number>>
  /**
   * Whole, or written chunk by chunk once the server agreed (100 Continue). What writing throws ends the connection, so that no
   * whole request has arrived.
   */
  readonly body?: string | Uint8Array | ((write: WriteChunk) => Promise<void>)
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
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

/** A proxy may swallow the question: then the body follows unasked, as RFC 9110, section 10.1.1, has it. */
const consentMs = 1000
/** No answer of the services that are spoken to comes near this. */
const maxAnswerBytes = 1024 * 1024

export function createHttpTransport({ tls, maxConnections, idleTimeoutMs }: HttpTransportOptions): HttpTransport {
  const agentOptions = { keepAlive: true, maxSockets: maxConnections, timeout: idleTimeoutMs }
  const agents: { https?: https.Agent; http?: Agent } = {}
  // An agent that is given the files instead builds a context for every connection: 6.7 ms against 2.8.
  let secureContext: SecureContext | undefined

  function open(request: HttpRequest): ClientRequest {
    const { url, method } = request
    const headers =
      typeof request.body === 'function' ? { ...request.headers, expect: '100-continue' } : request.headers
    const options = { method, headers, timeout: idleTimeoutMs, ...(request.signal && { signal: request.signal }) }
    if (url.protocol === 'https:') {
      secureContext ??= createSecureContext(tls)
      agents.https ??= createTlsAgent({ ...agentOptions, secureContext }, idleTimeoutMs)
      return https.request(url, { ...options, agent: agents.https })
    }
    // Not an import: the ESM facade of node:http touches a getter that loads WebSocket, 80 ms and 13 MB.
    const http = process.getBuiltinModule('node:http')
    agents.http ??= new http.Agent(agentOptions)
    return http.request(url, { ...options, agent: agents.http })
  }

  return {
    async send(request) {
      const outgoing = open(request)
      try {
        return await exchange(outgoing, request)
      } catch (error) {
        outgoing.destroy()
        request.signal?.throwIfAborted()
        throw connectionFault(error, request.url.host)
      }
    },
    close() {
      agents.https?.destroy()
      agents.http?.destroy()
    },
  }
}

/** An agent whose connections go through the proxy of the environment, if it names one for their host. */
function createTlsAgent(options: https.AgentOptions, timeoutMs: number): https.Agent {
  const agent = new https.Agent(options)
  const connectDirectly = agent.createConnection.bind(agent)
  agent.createConnection = (target, callback) => {
    const { host, port, servername } = target as { host: string; port: number; servername?: string }
    const proxy = findProxy(host, Number(port))
    if (proxy === undefined) return connectDirectly(target, callback)
    const { secureContext } = options
    import('./open-tunnel.ts')
      .then(({ openTunnel }) => openTunnel(proxy, { host, port: Number(port), timeoutMs }))
      .then((socket) =>
        callback?.(
          null,
          connectTls({ socket, host, ...(servername && { servername }), ...(secureContext && { secureContext }) }),
        ),
      )
      .catch((error) => callback?.(error, undefined as never))
    return undefined
  }
  return agent
}

function exchange(outgoing: ClientRequest, { url, body }: HttpRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('timeout', () => reject(new DeviceFault('CONNECTION_TIMEOUT', `${url.host} was silent for too long`)))
    outgoing.on('response', (incoming) => {
      readAnswer(incoming).then((answer) => {
        resolve(answer)
        // Refused before it was sent whole: nobody reads the rest.
        if (!outgoing.writableEnded) outgoing.destroy()
      }, reject)
    })
    if (typeof body !== 'function') outgoing.end(body)
    else {
      consent(outgoing)
        .then(() => body((chunk) => writeChunk(outgoing, chunk)))
        .then(() => outgoing.end(), reject)
    }
  })
}

/** Resolves when the server wants the body, or says nothing; never when it answers instead, as then nobody wants it. */
function consent(outgoing: ClientRequest): Promise<void> {
  outgoing.flushHeaders()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, consentMs)
    outgoing.once('continue', resolve)
    for (const event of ['continue', 'response', 'close']) outgoing.once(event, () => clearTimeout(timer))
  })
}

async function readAnswer(incoming: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of incoming) {
    length += chunk.length
    if (length > maxAnswerBytes) throw new DeviceFault('ANSWER_INVALID', 'the answer does not end')
    chunks.push(chunk)
  }
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString(),
  }
}

function writeChunk(outgoing: ClientRequest, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onClose = () => reject(new DeviceFault('CONNECTION_LOST', 'the connection ended while it was written to'))
    if (outgoing.destroyed) return onClose()
    outgoing.once('close', onClose)
    // When the system has it, not when there is room again: the chunk's memory is used for the next one.
    outgoing.write(chunk, (error) => {
      outgoing.off('close', onClose)
      if (error) onClose()
      else resolve()
    })
  })
}
