import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isLoopbackHost } from '#local/gateway/loopback-host.ts'
import { sendResponse } from '#local/gateway/send-response.ts'
import type { Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { createApiAnswerer, type HttpApiOptions } from './answer-request.ts'
import { createApiOperations, createApiStore } from './api-operations.ts'
import { jsonResponse } from './proxy-response.ts'

const { createServer } = process.getBuiltinModule('node:http')

export interface HttpApi {
  readonly operations: Operations
  /** Listens on 127.0.0.1; 0 takes a free port. Returns the port. */
  listen(port: number): Promise<number>
  close(): Promise<void>
}

/** API Gateway's HTTP API on a port of its own. */
export function createHttpApi(options: HttpApiOptions & { readonly folder: string }): HttpApi {
  const store = openStore(join(options.folder, 'http-api.db'))
  const apiStore = createApiStore(store)
  const answer = createApiAnswerer(apiStore, options)
  let port = 0

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, headers, cookies, body } = isLoopbackHost(request.headers.host)
      ? await answer(request)
      : jsonResponse(403, 'Forbidden')
    if (cookies.length > 0) response.setHeader('set-cookie', cookies)
    await sendResponse(request, response, { status, headers, body }, { awaitsContinue: false })
  }

  const server = createServer({ requestTimeout: 60_000, headersTimeout: 20_000, keepAliveTimeout: 60_000 })
  server.on('request', (request, response) => {
    serve(request, response).catch((error) => {
      options.log(`HTTP API: ${error.message}`)
      response.destroy()
    })
  })

  return {
    operations: createApiOperations(apiStore, options.region, () => `http://127.0.0.1:${port}`),
    listen: (wanted) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(wanted, '127.0.0.1', () => {
          server.off('error', reject)
          port = (server.address() as AddressInfo).port
          resolve(port)
        })
      }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      store.close()
    },
  }
}
