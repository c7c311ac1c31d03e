import type { ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { expect, test } from 'vitest'
import { createHttpTransport } from './http-transport.ts'
import { createTestAuthority } from './testing/certificates.ts'
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

test('goes over at most so many connections at once, and makes the rest wait', async () => {
  const held: ServerResponse[] = []
  const ports = new Set<number | undefined>()
  const url = new URL(
    await startHttp((request, response) => {
      ports.add(request.socket.remotePort)
      held.push(response)
    }),
  )
  const transport = createHttpTransport({ ...options, maxConnections: 2, idleTimeoutMs: 10_000 })
  const requests = Array.from({ length: 5 }, () => transport.send({ method: 'GET', url, headers: {} }))
  for (let answered = 0; answered < 5; ) {
    await expect.poll(() => held.length).toBe(Math.min(2, 5 - answered))
    for (const response of held.splice(0)) {
      answered++
      response.end(String(answered))
    }
  }
  expect((await Promise.all(requests)).map(({ body }) => body).sort()).toEqual(['1', '2', '3', '4', '5'])
  expect(ports.size).toBe(2)
  transport.close()
})

test.each<[string, string]>([
  ['says that it closes', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'],
  ['sends more than was asked for', `${'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'.repeat(2)}`],
  ['has no more patience', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 0\r\n\r\n'],
  ['speaks an older HTTP', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
])('sends nothing more over a connection whose server %s', async (_, answer) => {
  let connections = 0
  const port = await listen(
    createServer((socket) => {
      connections++
      socket.on('data', () => socket.write(answer)).on('error', () => {})
    }),
  )
  const transport = createHttpTransport(options)
  const url = new URL(`http://127.0.0.1:${port}/`)
  for (let count = 0; count < 3; count++) {
    expect((await transport.send({ method: 'GET', url, headers: {} })).status).toBe(200)
  }
  expect(connections).toBe(3)
  transport.close()
})

test('shows no byte of a request to a server that it does not trust', async () => {
  const authority = await createTestAuthority()
  const received: Buffer[] = []
  const server = createTlsServer(await authority.issueServer(), (socket) => {
    socket.on('data', (chunk) => received.push(chunk)).on('error', () => {})
  })
  const ended = Promise.withResolvers<void>()
  server.on('connection', (socket) => socket.once('close', () => ended.resolve()))
  server.on('tlsClientError', () => {})
  const transport = createHttpTransport(options)
  const url = new URL(`https://localhost:${await listen(server)}/`)
  await expect(transport.send({ method: 'PUT', url, headers: {}, body: 'secret' })).rejects.toMatchObject({
    code: 'SERVER_CA_UNKNOWN',
  })
  await ended.promise
  expect(received).toEqual([])
})

test('writes no header that would make two', async () => {
  const transport = createHttpTransport(options)
  const url = new URL('http://127.0.0.1:1/')
  for (const value of ['a\r\nb: c', 'a\nb', 'a\0', 'größe 🚀']) {
    await expect(transport.send({ method: 'GET', url, headers: { a: value } })).rejects.toThrow(TypeError)
  }
})

test('ends at once when it is told to: in flight, and while it waits', async () => {
  const begun = Promise.withResolvers<void>()
  const url = new URL(await startHttp(() => begun.resolve()))
  const transport = createHttpTransport({ ...options, idleTimeoutMs: 10_000 })
  const abortion = new AbortController()
  const send = () => transport.send({ method: 'GET', url, headers: {}, signal: abortion.signal })
  const ends = Promise.allSettled([send(), send()])
  await begun.promise
  abortion.abort(new Error('enough'))
  expect(await ends).toMatchObject([{ reason: { message: 'enough' } }, { reason: { message: 'enough' } }])
  await expect(send()).rejects.toThrow('enough')
})
