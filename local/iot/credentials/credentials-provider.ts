import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Session } from '#local/iam/sessions.ts'
import { listenLocally } from '../listen-locally.ts'
import type { ServerIdentity } from '../server-identity.ts'
import { deviceTlsOptions } from '../server-tls-options.ts'
import { type ExchangeOptions, exchangeCertificate } from './exchange-certificate.ts'
import { type Refusal, refusals } from './refusal.ts'

/** Devices come back for more within it, rather than make a new handshake. */
const KEEP_ALIVE_MS = 60_000
const PATH = /^\/role-aliases\/([^/]+)\/credentials$/

export interface CredentialsProviderOptions extends ExchangeOptions {
  readonly identity: ServerIdentity
  readonly log: (line: string) => void
}

export interface CredentialsProvider {
  /** Listens on 127.0.0.1 and returns the port; 0 takes a free one. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

/** AWS IoT's credentials provider: `GET /role-aliases/ALIAS/credentials` over mutual TLS. */
export function createCredentialsProvider(options: CredentialsProviderOptions): CredentialsProvider {
  const { identity, log } = options

  function answer(request: IncomingMessage): Session | Refusal {
    const [path = ''] = (request.url ?? '').split('?')
    const encodedAlias = PATH.exec(path)?.[1]
    if (encodedAlias === undefined) return 'unknown-path'
    if (request.method !== 'GET') return 'wrong-method'
    const socket = request.socket as TLSSocket
    return exchangeCertificate(
      {
        certificate: socket.getPeerX509Certificate(),
        roleAlias: decodeAlias(encodedAlias),
        thingName: request.headers['x-amzn-iot-thingname']?.toString(),
        sourceIp: socket.remoteAddress ?? '',
        serverName: String(socket.servername),
      },
      options,
    )
  }

  const server = createServer(
    { ...deviceTlsOptions(identity), keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      response.setHeader('x-amzn-RequestId', randomUUID())
      request.resume()
      try {
        const result = answer(request)
        if (typeof result === 'string') sendRefusal(response, result)
        else sendCredentials(response, result)
      } catch (error) {
        log(`credentials provider: ${error instanceof Error ? error.stack : error}`)
        response.setHeader('x-amzn-ErrorType', 'InternalFailureException')
        send(response, 500, { message: 'Internal Failure' })
      }
    },
  )
  server.on('tlsClientError', (error) => log(`credentials provider: a TLS handshake failed: ${error.message}`))

  return {
    listen: (port) => listenLocally(server, port),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function sendCredentials(response: ServerResponse, session: Session): void {
  const { accessKeyId, secretAccessKey, sessionToken } = session
  const expiration = session.expiration.toISOString().replace(/\.\d+Z$/, 'Z')
  send(response, 200, { credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } })
}

function sendRefusal(response: ServerResponse, refusal: Refusal): void {
  const { status, type, message } = refusals[refusal]
  if (refusal === 'wrong-method') response.setHeader('allow', 'GET')
  response.setHeader('x-amzn-ErrorType', type)
  send(response, status, { message })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** An alias that is no percent-encoded text is the name of none. */
function decodeAlias(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
