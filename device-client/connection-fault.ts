import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'

const codes: Readonly<Record<string, DeviceFaultCode>> = {
  ENOTFOUND: 'HOST_NOT_FOUND',
  EAI_AGAIN: 'DNS_UNAVAILABLE',
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ENETUNREACH: 'NETWORK_UNREACHABLE',
  EHOSTUNREACH: 'NETWORK_UNREACHABLE',
  ENETDOWN: 'NETWORK_UNREACHABLE',
  ETIMEDOUT: 'CONNECTION_TIMEOUT',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  // What Node's HTTP parser makes of an answer that is cut or is no HTTP at all.
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

/** The alerts of RFC 8446, section 6.2, that speak of our certificate; any other means that the peer did not like it either. */
const alerts: Readonly<Record<string, DeviceFaultCode>> = {
  CERTIFICATE_EXPIRED: 'CERTIFICATE_EXPIRED',
  CERTIFICATE_REVOKED: 'CERTIFICATE_REVOKED',
  UNKNOWN_CA: 'CERTIFICATE_CA_UNREGISTERED',
  PROTOCOL_VERSION: 'NOT_TLS',
}

function faultCode(code: string): DeviceFaultCode | undefined {
  const alert = /^ERR_SSL_.*ALERT_(?:NUMBER_)?([A-Z_]+)$/.exec(code)?.[1]
  if (alert !== undefined) return alerts[alert] ?? 'CERTIFICATE_REFUSED'
  return code === 'EPROTO' || code.startsWith('ERR_SSL_') ? 'NOT_TLS' : codes[code]
}

/** Says what a failed connection to `host` failed of. An error that is no connection's is returned as it is. */
export function connectionFault(error: unknown, host: string): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const fault = code === undefined || error instanceof DeviceFault ? undefined : faultCode(code)
  return fault === undefined
    ? error
    : new DeviceFault(fault, `${host}: ${(error as Error).message || code}`, { cause: error })
}
