import { connect, createServer, type Socket } from 'node:net'

/** Passes TCP on to a port of this machine, each byte half of the delay later, as a long line would: `delay-proxy.ts PORT DELAY_MS`. */
const [port, delayMs] = process.argv.slice(2).map(Number)

function passOn(from: Socket, to: Socket): void {
  from.setNoDelay(true)
  from.on('data', (chunk) => void setTimeout(() => to.write(chunk), (delayMs ?? 0) / 2))
  from.on('end', () => void setTimeout(() => to.end(), (delayMs ?? 0) / 2))
  from.on('error', () => to.destroy())
}

const server = createServer({ allowHalfOpen: true }, (near) => {
  const far = connect({ port: port ?? 0, host: '127.0.0.1', allowHalfOpen: true })
  passOn(near, far)
  passOn(far, near)
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => process.exit())
