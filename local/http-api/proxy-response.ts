export interface ProxyResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly body: string | Buffer
}

export function jsonResponse(status: number, message: string): ProxyResponse {
  return { status, headers: { 'content-type': 'application/json' }, cookies: [], body: JSON.stringify({ message }) }
}

/**
 * The HTTP response of what a function returned (payload format 2.0): with a statusCode it is read as one, anything
 * else is the body of a 200. Undefined when it is no response.
 */
export function readProxyResponse(payload: string): ProxyResponse | undefined {
  const answer: unknown = JSON.parse(payload)
  if (typeof answer !== 'object' || answer === null || !('statusCode' in answer)) {
    const body = typeof answer === 'string' ? answer : payload
    return { status: 200, headers: { 'content-type': 'application/json' }, cookies: [], body }
  }
  const {
    statusCode,
    headers = {},
    cookies = [],
    body = '',
    isBase64Encoded = false,
  } = answer as Record<string, unknown>
  const status = Number(statusCode)
  if (!Number.isInteger(status) || status < 100 || status > 599) return undefined
  if (typeof headers !== 'object' || headers === null || !Array.isArray(cookies)) return undefined
  if (body !== null && typeof body !== 'string') return undefined
  const read: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined
    read[name.toLowerCase()] = String(value)
  }
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...read },
    cookies: cookies.map(String),
    body: isBase64Encoded ? Buffer.from(body ?? '', 'base64') : (body ?? ''),
  }
}
