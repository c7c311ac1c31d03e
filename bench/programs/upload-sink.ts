import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { answerS3, type S3Objects } from '../harness/answer-s3.ts'
import { readRequests } from '../harness/read-requests.ts'

/** What the sink is started with, as JSON in its first argument. */
export interface SinkOptions {
  readonly key: string
  readonly cert: string
  /** What its credentials provider gives to anyone. */
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken: string
  }
}

export interface SinkPorts {
  readonly http: number
  readonly https: number
  /** A proxy that leads nowhere but to the https port, for a client that knows no other port than 443. */
  readonly proxy: number
}

/** What came since the last question. */
export interface SinkTally {
  readonly objects: number
  readonly bytes: number
  /** When the first connection was made, on the clock of performance.timeOrigin. */
  readonly firstConnectionMs: number
}

export interface SinkQuestion {
  /** Whether the objects are forgotten with the answer. */
  readonly isReset: boolean
}

/** An S3 and a credentials provider that check nothing and keep nothing but the names and sizes of objects. */
const { key, cert, credentials } = JSON.parse(process.argv[2] ?? '') as SinkOptions
const objects: S3Objects = { sizes: new Map(), parts: new Map() }
let bytes = 0
let firstConnectionMs = 0

function provideCredentials(): string {
  const expiration = new Date(Date.now() + 3_600_000).toISOString()
  return JSON.stringify({ credentials: { ...credentials, expiration } })
}

function serve(socket: Socket): void {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  readRequests(socket, (request) => {
    bytes += request.contentBytes
    const isForCredentials = request.path.startsWith('/role-aliases/')
    const {
      status = '200 OK',
      headers = '',
      body = '',
    } = isForCredentials ? { body: provideCredentials() } : answerS3(objects, request)
    const head = `HTTP/1.1 ${status}\r\ndate: ${httpDate()}\r\n${headers}`
    socket.write(request.method === 'HEAD' ? `${head}\r\n` : `${head}content-length: ${body.length}\r\n\r\n${body}`)
  })
}

let date = { second: 0, text: '' }
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== date.second) date = { second, text: new Date(second * 1000).toUTCString() }
  return date.text
}

function note(): void {
  firstConnectionMs ||= performance.timeOrigin + performance.now()
}

const plain = createServer(serve).on('connection', note)
const secure = createTlsServer({ key, cert, requestCert: true, rejectUnauthorized: false }, serve)
secure.on('connection', note)
secure.on('tlsClientError', () => {})
const proxy = createServer((socket) => {
  socket.on('error', () => {})
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    secure.emit('connection', socket)
  })
})
for (const server of [plain, secure, proxy]) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}
const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port

process.on('message', ({ isReset }: SinkQuestion) => {
  process.send?.({ objects: objects.sizes.size, bytes, firstConnectionMs } satisfies SinkTally)
  bytes = 0
  firstConnectionMs = 0
  if (isReset) objects.sizes.clear()
})
process.once('disconnect', () => process.exit())
process.send?.({ http: portOf(plain), https: portOf(secure), proxy: portOf(proxy) } satisfies SinkPorts)
