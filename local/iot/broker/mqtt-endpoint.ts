import type { X509Certificate } from 'node:crypto'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { CertificateClassifier } from '../jitr/classify-certificate.ts'
import { registrationEvent } from '../jitr/registration-event.ts'
import type { Registry } from '../registry/types.ts'
import type { ServerIdentity } from '../server-identity.ts'
import { deviceTlsOptions } from '../server-tls-options.ts'

/** How long a client that is turned away may take to notice. */
const DISMISSAL_MS = 5000

export interface MqttEndpointOptions {
  readonly registry: Registry
  readonly identity: ServerIdentity
  readonly classify: CertificateClassifier
  readonly accountId: string
  readonly clock: () => Date
  readonly publish: (event: { topic: string; payload: Buffer }) => void
  /** Takes over a connection whose certificate is ACTIVE. */
  readonly accept: (socket: TLSSocket, certificate: X509Certificate, certificateId: string) => void
  readonly log: (line: string) => void
}

/** The TLS server of the message broker: lets active certificates in and registers unknown ones just in time. */
export function createMqttEndpoint(options: MqttEndpointOptions): Server {
  const { registry, classify, accountId, clock, publish, accept, log } = options
  // Port 8883 needs no ALPN; a client that offers some has to offer this one.
  const server = createServer({ ...deviceTlsOptions(options.identity), ALPNProtocols: ['x-amzn-mqtt-ca'] })

  const announce = (certificateId: string, caCertificateId: string, pem: string) => {
    const certificate = registry.registerPending(pem, caCertificateId)
    publish(registrationEvent(certificate, caCertificateId, { accountId, now: clock() }))
    log(`certificate ${certificateId} waits for its activation`)
  }

  server.on('secureConnection', (socket) => {
    socket.on('error', () => {})
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) {
      log(`a client without certificate was refused (${socket.remoteAddress})`)
      return socket.destroy()
    }
    const verdict = classify(certificate, clock())
    switch (verdict.kind) {
      case 'active':
        return accept(socket, certificate, verdict.certificateId)
      case 'registrable':
      case 'pending':
        announce(verdict.certificateId, verdict.caCertificateId, certificate.toString())
        return dismiss(socket)
      case 'barred':
        log(`certificate ${verdict.certificateId} was refused: ${verdict.reason}`)
        return dismiss(socket)
      case 'unknown':
        log(`a certificate was refused: ${verdict.reason}`)
        return socket.destroy()
    }
  })
  server.on('tlsClientError', (error, socket) =>
    log(`a TLS handshake failed: ${error.message} (${socket.remoteAddress})`),
  )
  return server
}

/** Closes without a CONNACK. What the client has sent is read away, or its side would see a reset instead of an end. */
function dismiss(socket: TLSSocket): void {
  socket.resume()
  socket.end()
  socket.setTimeout(DISMISSAL_MS, () => socket.destroy())
}
