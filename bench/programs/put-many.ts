import { hash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type PutTarget, signPut } from '../harness/sign-put.ts'

export interface PutMany {
  readonly target: PutTarget
  readonly bucket: string
  readonly prefix: string
  readonly count: number
  readonly connections: number
  readonly bytes: number
}

/**
 * A client that costs next to nothing: requests are signed and put together beforehand, each goes out in one write, and
 * of an answer only its status is read. Answers the seconds that they took, from the first byte to the last answer.
 */
process.on('message', async (job: PutMany) => {
  const requests = await prepare(job)
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(job.target.port)))
  const begin = performance.now()
  await Promise.all(sockets.map((socket) => work(socket, requests)))
  const seconds = (performance.now() - begin) / 1000
  for (const socket of sockets) socket.destroy()
  process.send?.({ seconds })
})
process.send?.({})

async function prepare({ target, bucket, prefix, count, bytes }: PutMany): Promise<Buffer[]> {
  const body = randomBytes(bytes)
  const payloadHash = hash('sha256', body)
  const requests: Buffer[] = []
  for (let index = 0; index < count; index++) {
    const head = await signPut(target, { path: `/${bucket}/${prefix}/${index}`, bytes, payloadHash })
    requests.push(Buffer.concat([Buffer.from(head), body]))
  }
  return requests
}

async function open(port: number) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** Sends what is left until nothing is. */
function work(socket: Awaited<ReturnType<typeof open>>, requests: Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const next = () => {
      const request = requests.pop()
      if (request) socket.write(request)
      else resolve()
    }
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (!answer.includes('\r\n\r\n')) return
      if (!answer.startsWith('HTTP/1.1 200')) return reject(new Error(answer))
      answer = ''
      next()
    })
    socket.on('close', () => reject(new Error('the server closed the connection')))
    next()
  })
}
