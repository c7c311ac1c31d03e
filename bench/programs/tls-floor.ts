import { readFileSync } from 'node:fs'
import { createSecureContext, createServer } from 'node:tls'
import { deviceTlsOptions, secureContextOptions } from '#local/iot/server-tls-options.ts'

/** What Node's TLS leaves to a broker: takes any client certificate and answers whatever comes first with CONNACK. */
const [certificateFile = '', keyFile = ''] = process.argv.slice(2)
const secureContext = createSecureContext({
  ...secureContextOptions,
  cert: readFileSync(certificateFile),
  key: readFileSync(keyFile),
})
const server = createServer(deviceTlsOptions({ secureContext }), (socket) => {
  socket.once('data', () => socket.write(Buffer.of(0x20, 2, 0, 0)))
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
process.once('disconnect', () => process.exit())
