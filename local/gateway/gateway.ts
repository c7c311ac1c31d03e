import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { type AnswererOptions, createAnswerer } from './create-answerer.ts'
import { isLoopbackHost } from './loopback-host.ts'
import { sendResponse } from './send-response.ts'

// An ESM import of node:http costs 80 ms and 13 MB at start: it touches a lazy WebSocket getter.
const { createServer } = process.getBuiltinModule('node:http')

const CLOSE_GRACE_MS = 1000
/** Nothing is silent for longer: a Lambda function that is waited for runs at most 15 minutes. */
const MAX_SILENCE_MS = 20 * 60 * 1000

export type GatewayOptions = AnswererOptions

export interface Gateway {
  readonly server: Server
  /** Listens on 127.0.0.1; 0 takes a free port. Returns the port. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

/** The one endpoint of every AWS API: checks the signature, and hands the request to the service that it is signed for. */
export function createGateway(options: GatewayOptions): Gateway {
  const answer = createAnswerer(options)

  async function serve(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    let awaitsContinue = expectsContinue
    const onStart = () => {
      if (awaitsContinue) response.writeContinue()
      awaitsContinue = false
    }
    const isAddressed = isLoopbackHost(request.headers.host) && request.url?.startsWith('/')
    const reply = isAddressed
      ? await answer(request, onStart)
      : { status: 403, body: 'This endpoint answers to 127.0.0.1 and localhost only.\n' }
    await sendResponse(request, response, reply, { awaitsContinue })
  }

  const onRequest = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    serve(request, response, expectsContinue).catch((error) => {
      options.log?.('A response could not be written', error)
      response.destroy()
    })
  }

  // No requestTimeout: an upload may take hours. What stands still is dropped by the payload's own timer.
  const server = createServer({ requestTimeout: 0, headersTimeout: 20_000, keepAliveTimeout: 60_000 })
  server.setTimeout(MAX_SILENCE_MS)
  server.on('request', onRequest(false)).on('checkContinue', onRequest(true))

  return {
    server,
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject)
          const address = server.address()
          resolve(typeof address === 'object' && address ? address.port : port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
        server.closeIdleConnections()
      }),
  }
}
