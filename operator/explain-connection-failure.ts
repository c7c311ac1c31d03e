import { isLoopback } from './api-url.ts'
import { OperatorError } from './operator-error.ts'

/** The code of the network error behind a failed fetch: `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `TimeoutError`, … */
export function networkCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'TimeoutError') return error.name
  if ('code' in error && typeof error.code === 'string') return error.code
  return networkCodeOf(error.cause)
}

/** Says why `url` could not be reached, and what mends it. */
export function explainConnectionFailure(url: URL, error: unknown): OperatorError {
  const code = networkCodeOf(error)
  const [reason, hint] = reasonAndHint(url, code)
  return new OperatorError('API_UNREACHABLE', `${url.origin} ${reason}`, { hint, cause: error })
}

function reasonAndHint(url: URL, code: string | undefined): [reason: string, hint: string] {
  switch (code) {
    case 'ECONNREFUSED':
      return isLoopback(url)
        ? ['refused the connection: nothing listens there', 'is the embedded cloud running? thingdrop local']
        : ['refused the connection', 'check the address and its port']
    case 'ENOTFOUND':
      return ['has no address: the name does not resolve', 'check the address; a deleted stack loses its name']
    case 'EAI_AGAIN':
      return ['has no address just now: the name service does not answer', 'check the network and its DNS server']
    case 'TimeoutError':
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return ['did not answer in time', 'check the network, a VPN or a proxy (NODE_USE_ENV_PROXY=1 uses HTTPS_PROXY)']
    case undefined:
      return ['could not be reached', 'run it again with --debug for the cause']
    default:
      return /CERT|TLS|SSL|SELF_SIGNED/.test(code)
        ? [
            `has a certificate that is not trusted (${code})`,
            'NODE_EXTRA_CA_CERTS=ca.pem adds a CA to the trusted ones',
          ]
        : [`could not be reached (${code})`, 'check the network and the address']
  }
}
