import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { createHttpTransport } from './http-transport.ts'
import { listen, startHttp } from './testing/servers.ts'

const options = { tls: {}, maxConnections: 1, idleTimeoutMs: 300 }

async function faultOf(answer: (socket: Socket) => void) {
  const port = await listen(createServer((socket) => socket.once('data', () => answer(socket)).on('error', () => {})))
  const transport = createHttpTransport(options)
  const request = {
    method: 'PUT' as const,
    url: new URL(`http://127.0.0.1:${port}/`),
    headers: {},
  }
  return await transport.send(request).then(
    () => 'answered',
    ({ code }) => code,
  )
}

test.each<[string, (socket: Socket) => void, string]>([
  ['hangs up', (socket) => socket.end(), 'CONNECTION_LOST'],
  ['is reset', (socket) => socket.resetAndDestroy(), 'CONNECTION_LOST'],
  ['says nothing', () => {}, 'CONNECTION_TIMEOUT'],
  ['stops half-way', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), 'CONNECTION_LOST'],
  [
    'stalls half-way',
    (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'),
    'CONNECTION_TIMEOUT',
  ],
  ['speaks no HTTP', (socket) => socket.end('220 mail.example ESMTP\r\n'), 'ANSWER_INVALID'],
  ['does not end', (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(2_000_000)}`), 'ANSWER_INVALID'],
])('names a server that %s', async (_, answer, code) => {
  expect(await faultOf(answer)).toBe(code)
})

test('sends a body unasked when the server does not say that it wants it', async () => {
  const transport = createHttpTransport({ ...options, idleTimeoutMs: 10_000 })
  let received = ''
  const port = await listen(
    createServer((socket) =>
      socket.on('data', (chunk) => {
        received += chunk
        if (received.endsWith('hello')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      }),
    ),
  )
  const answer = await transport.send({
    method: 'PUT',
    url: new URL(`http://127.0.0.1:${port}/`),
    headers: { 'content-length': 5 },
    body: (write) => write(Buffer.from('hello')),
  })
  expect(answer.status).toBe(200)
})

test('keeps its connection', async () => {
  const ports = new Set<number | undefined>()
  const url = new URL(
    await startHttp((request, response) => {
      ports.add(request.socket.remotePort)
      response.end()
    }),
  )
  const transport = createHttpTransport(options)
  for (let count = 0; count < 3; count++) await transport.send({ method: 'GET', url, headers: {} })
  expect(ports.size).toBe(1)
  transport.close()
})
