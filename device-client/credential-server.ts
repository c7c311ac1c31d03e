import { hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { Fault } from '#contract/fault.ts'
import type { Credentials } from './credentials.ts'
import { DeviceFault, isTransient } from './device-fault.ts'

export interface CredentialServerOptions {
  /** Asked for every request; what it throws is answered. */
  readonly credentials: () => Promise<Credentials>
  /** What a request's Authorization header must be. */
  readonly token: string
  /** Of 127.0.0.1; 0 takes any that is free. */
  readonly port: number
}

export interface CredentialServer {
  /** For AWS_CONTAINER_CREDENTIALS_FULL_URI. */
  readonly url: string
  close(): Promise<void>
}

const path = '/credentials'
/** A page in a browser may point a name of its own here; its requests then carry that name (DNS rebinding). */
const ownHost = /^(127\.0\.0\.1|localhost)(:\d+)?$/

/**
 * Answers as a container credentials endpoint does (AWS SDKs and tools reference guide, "Container credential provider"),
 * on the loopback address only. Throws PORT_UNAVAILABLE.
 */
export async function startCredentialServer(options: CredentialServerOptions): Promise<CredentialServer> {
  // Not an import: the ESM facade of node:http touches a getter that loads WebSocket, 80 ms and 13 MB.
  const { createServer } = process.getBuiltinModule('node:http')
  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000 }, createListener(options))
  const port = await listen(server, options.port)
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new DeviceFault('PORT_UNAVAILABLE', `cannot listen on 127.0.0.1:${port}: ${error.message}`, { cause: error }),
      )
    })
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

function createListener({ credentials, token }: CredentialServerOptions): RequestListener {
  const expected = hash('sha256', token, 'buffer')
  const isAllowed = (given: string) => timingSafeEqual(hash('sha256', given, 'buffer'), expected)

  return async (request, response) => {
    const refused = refuse(request, isAllowed)
    if (refused !== undefined) return answer(response, ...refused)
    try {
      answer(response, 200, formatCredentials(await credentials()))
    } catch (error) {
      answer(response, ...formatFailure(error))
    }
  }
}

function refuse(
  { headers, method, url }: IncomingMessage,
  isAllowed: (authorization: string) => boolean,
): [status: number, body: object] | undefined {
  if (!ownHost.test(headers.host ?? '')) return [403, { code: 'HostRefused', message: 'this is not 127.0.0.1' }]
  if (!isAllowed(headers.authorization ?? '')) {
    return [401, { code: 'Unauthorized', message: 'the authorization token is missing or wrong' }]
  }
  if (url !== path) return [404, { code: 'NotFound', message: `only ${path} is here` }]
  return method === 'GET' ? undefined : [405, { code: 'MethodNotAllowed', message: `only GET ${path} is here` }]
}

function formatCredentials({ accessKeyId, secretAccessKey, sessionToken, expiration }: Credentials): object {
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: expiration.toISOString().replace(/\.\d+Z$/, 'Z'),
  }
}

/** SDKs ask again after a 503, and give up after a 403. */
function formatFailure(error: unknown): [status: number, body: object] {
  if (!(error instanceof DeviceFault || error instanceof Fault)) {
    return [500, { code: 'INTERNAL', message: 'the credentials server failed' }]
  }
  const message = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
  return [isTransient(error) ? 503 : 403, { code: error.code, message }]
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify(body))
}
