import { OperatorError } from './operator-error.ts'

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/
const executeApiHost = /\.execute-api\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/

/** The API's address without a slash at its end. Plain HTTP is for loopback: a claim would cross the network readable. */
export function parseApiUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.search + url.hash + url.username !== '') {
    throw new OperatorError('API_URL_INVALID', `${JSON.stringify(text)} is not an API address`, {
      hint: 'it looks like https://abc123.execute-api.eu-west-1.amazonaws.com: the stack output ApiUrl',
    })
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new OperatorError(
      'API_URL_INVALID',
      `${url.host} is not this machine, and http:// would send claims readable`,
      {
        hint: `use https://${url.host}`,
      },
    )
  }
  return url.href.replace(/\/+$/, '')
}

export function isLoopback({ hostname }: URL): boolean {
  return loopback.test(hostname)
}

/** The region that an `execute-api` host names: the only one that its API accepts signatures for. */
export function regionOfApiUrl(apiUrl: string): string | undefined {
  return executeApiHost.exec(new URL(apiUrl).hostname)?.[1]
}
