import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { listen } from './servers.ts'

/** A proxy that looks every name up as this machine; `judge` answers what it does not want. */
export async function startProxy(
  judge: (target: string, authorization: string | undefined) => number = () => 200,
  tls?: TlsOptions,
) {
  const targets: string[] = []
  const refuse: RequestListener = (_, response) => response.writeHead(405).end()
  const server = tls === undefined ? createServer(refuse) : createTlsServer(tls, refuse)
  server.on('connect', (request, socket, head) => {
    targets.push(request.url ?? '')
    const status = judge(request.url ?? '', request.headers['proxy-authorization'])
    socket.on('error', () => {})
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const upstream = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    upstream.on('error', () => socket.destroy())
  })
  return { targets, port: await listen(server) }
}
