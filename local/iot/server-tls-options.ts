import { constants } from 'node:crypto'
import type { SecureContext, TlsOptions } from 'node:tls'

/** No tickets: a resumed session shows the leaf of the client's chain only, and skips what is decided at the handshake. */
export const secureContextOptions = {
  minVersion: 'TLSv1.2',
  secureOptions: constants.SSL_OP_NO_TICKET,
} as const

/**
 * TLS of the endpoints that devices connect to. Every client certificate gets through the handshake: the registry
 * decides, not a trust store. The server has a certificate only for who asks by name, so SNI is required.
 */
export function deviceTlsOptions({ secureContext }: { secureContext: SecureContext }): TlsOptions {
  return {
    ...secureContextOptions,
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: 10_000,
    // Nagle's algorithm and a client's delayed ACK together hold each first answer back for 40 ms.
    noDelay: true,
    SNICallback: (_serverName, done) => done(null, secureContext),
  }
}
