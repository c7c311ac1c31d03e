import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type PutTarget, signPut } from '../harness/sign-put.ts'

export interface PutLarge {
  readonly target: PutTarget
  readonly path: string
  readonly bytes: number
  readonly isPayloadSigned: boolean
}

const chunk = randomBytes(256 * 1024)
const hashes = new Map<number, string>()

/** A client that sends the same 256 KiB again and again; answers the seconds from the first byte to the answer. */
process.on('message', async ({ target, path, bytes, isPayloadSigned }: PutLarge) => {
  const payloadHash = isPayloadSigned ? hashPayload(bytes) : 'UNSIGNED-PAYLOAD'
  const head = await signPut(target, { path, bytes, payloadHash })
  const socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  const begin = performance.now()
  const answer = once(socket, 'data')
  socket.write(head)
  for (let sent = 0; sent < bytes; sent += chunk.length) if (!socket.write(chunk)) await once(socket, 'drain')
  const [status] = await answer
  const seconds = (performance.now() - begin) / 1000
  socket.destroy()
  if (!String(status).startsWith('HTTP/1.1 200')) throw new Error(String(status))
  process.send?.({ seconds })
})
process.send?.({})

/** Takes as long as an upload: once for each length. */
function hashPayload(bytes: number): string {
  const known = hashes.get(bytes)
  if (known !== undefined) return known
  const sha256 = createHash('sha256')
  for (let hashed = 0; hashed < bytes; hashed += chunk.length) sha256.update(chunk)
  const hex = sha256.digest('hex')
  hashes.set(bytes, hex)
  return hex
}
