import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'

const codes: Readonly<Record<string, DeviceFaultCode>> = {
  ENOTFOUND: 'HOST_NOT_FOUND',
  EAI_AGAIN: 'DNS_UNAVAILABLE',
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ENETUNREACH: 'NETWORK_UNREACHABLE',
  EHOSTUNREACH: 'NETWORK_UNREACHABLE',
  ENETDOWN: 'NETWORK_UNREACHABLE',
  EADDRNOTAVAIL: 'NETWORK_UNREACHABLE',
  ETIMEDOUT: 'CONNECTION_TIMEOUT',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  ERR_STREAM_PREMATURE_CLOSE: 'CONNECTION_LOST',
  HPE_INVALID_EOF_STATE: 'CONNECTION_LOST',
  // OpenSSL's verification results, as node:tls names them.
  UNABLE_TO_GET_ISSUER_CERT: 'SERVER_CA_UNKNOWN',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'SERVER_CA_UNKNOWN',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'SERVER_CA_UNKNOWN',
  SELF_SIGNED_CERT_IN_CHAIN: 'SERVER_CA_UNKNOWN',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'SERVER_CA_UNKNOWN',
  CERT_SIGNATURE_FAILURE: 'SERVER_CA_UNKNOWN',
  CERT_UNTRUSTED: 'SERVER_CA_UNKNOWN',
  INVALID_CA: 'SERVER_CA_UNKNOWN',
  ERR_TLS_CERT_ALTNAME_INVALID: 'SERVER_HOST_MISMATCH',
  CERT_HAS_EXPIRED: 'SERVER_CERTIFICATE_EXPIRED',
  CERT_NOT_YET_VALID: 'SERVER_CERTIFICATE_NOT_YET_VALID',
}

const clockFaults: ReadonlySet<DeviceFaultCode> = new Set<DeviceFaultCode>([
  'SERVER_CERTIFICATE_EXPIRED',
  'SERVER_CERTIFICATE_NOT_YET_VALID',
])

/** The alerts of RFC 8446, section 6.2, that tell more than that there is no agreement. */
const alerts: Readonly<Record<string, DeviceFaultCode>> = {
  CERTIFICATE_EXPIRED: 'CERTIFICATE_EXPIRED',
  CERTIFICATE_REVOKED: 'CERTIFICATE_REVOKED',
  UNKNOWN_CA: 'CERTIFICATE_CA_UNREGISTERED',
  BAD_CERTIFICATE: 'CERTIFICATE_REFUSED',
  CERTIFICATE_UNKNOWN: 'CERTIFICATE_REFUSED',
  CERTIFICATE_REQUIRED: 'CERTIFICATE_REFUSED',
  UNSUPPORTED_CERTIFICATE: 'CERTIFICATE_REFUSED',
  ACCESS_DENIED: 'CERTIFICATE_REFUSED',
  UNRECOGNIZED_NAME: 'SERVER_HOST_MISMATCH',
}

/** What is not as it was sent, as this side finds, or the other tells by the alert of RFC 8446, section 6.2. */
const corrupted = /^ERR_SSL_.*BAD_RECORD_MAC$/

function faultCode(code: string): DeviceFaultCode | undefined {
  if (corrupted.test(code)) return 'CONNECTION_CORRUPTED'
  const alert = /^ERR_SSL_(?:SSL\/TLS|SSLV3|TLSV1|TLSV13)_(?:ALERT_)?([A-Z_]+)$/.exec(code)?.[1]
  if (alert !== undefined) return alerts[alert] ?? 'TLS_REFUSED'
  // Any other complaint of Node's HTTP parser: what came is no HTTP.
  if (code.startsWith('HPE_')) return codes[code] ?? 'ANSWER_INVALID'
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? 'NOT_TLS' : codes[code]
}

/** Says what a failed connection to `host` failed of. An error that is no connection's is returned as it is. */
export function connectionFault(error: unknown, host: string): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const fault = code === undefined || error instanceof DeviceFault ? undefined : faultCode(code)
  if (fault === undefined) return error
  const message = `${host}: ${(error as Error).message || code}`
  return new DeviceFault(fault, clockFaults.has(fault) ? `${message}; ${tellClock()}` : message, { cause: error })
}

/** TLS goes by this machine's clock, whatever the services' time is known to be. */
function tellClock(): string {
  return `this machine's clock says ${new Date().toISOString()}`
}
