import { hash } from 'node:crypto'
import { createSigner, formatQuery } from '#contract/sigv4.ts'
import { parseApiAnswer, type RefusalCodes } from './api-answer.ts'
import type { Credentials } from './credentials.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { DeviceFault } from './device-fault.ts'
import type { HttpTransport } from './http-transport.ts'
import { isLoopback } from './is-loopback.ts'
import type { ParseAnswer } from './parse-answers.ts'
import type { Runtime } from './runtime.ts'

interface ApiCall {
  readonly method: 'DELETE' | 'GET' | 'POST'
  /** From the API's address on. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
}

/** Calls once. Throws the API's Fault, DeviceFault (the codes that it was made with, ANSWER_INVALID, API_URL_UNUSABLE, CLOCK_SKEWED), the credentials' and the connection's. */
export type CallApi = <Answer>(call: ApiCall, parse: ParseAnswer<Answer>, signal?: AbortSignal) => Promise<Answer>

interface ApiAccess {
  readonly configuration: SavedConfiguration
  readonly credentials: () => Promise<Credentials>
  readonly transport: HttpTransport
  readonly runtime: Pick<Runtime, 'clock'>
  readonly codes: RefusalCodes
}

/** What API Gateway says of a signature of another time (AWS IAM user guide, "Troubleshoot signed requests"). */
const skewed = /Signature (expired|not yet current)/i

/** The API, called with signatures by the credentials of a device's certificate. */
export function createApiCaller({ configuration, credentials, transport, runtime, codes }: ApiAccess): CallApi {
  const sign = createSigner('execute-api', configuration.region)
  return async ({ method, path, query = {}, headers = {}, body = '' }, parse, signal) => {
    const url = parseApiUrl(configuration.apiUrl, path)
    const type = body === '' ? {} : { 'content-type': 'application/json' }
    const unsigned = {
      method,
      path: url.pathname,
      query,
      headers: { ...headers, ...type, host: url.host },
      payloadHash: hash('sha256', body),
    }
    const signed = sign(unsigned, await credentials(), runtime.clock())
    url.search = formatQuery(query)
    const length = method === 'GET' ? {} : { 'content-length': Buffer.byteLength(body) }
    const received = await transport.send({ method, url, headers: { ...signed, ...length }, body, signal })
    if (received.status === 403 && skewed.test(received.body)) {
      throw new DeviceFault('CLOCK_SKEWED', `signed at ${signed['x-amz-date']}, the API says ${received.headers.date}`)
    }
    return parseApiAnswer(received, url.host, parse, codes)
  }
}

function parseApiUrl(apiUrl: string | undefined, path: string): URL {
  if (apiUrl === undefined) throw new DeviceFault('API_URL_UNUSABLE', 'device.json does not say where the API is')
  const text = apiUrl.replace(/\/+$/, '') + path
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return url
  throw new DeviceFault('API_URL_UNUSABLE', `apiUrl of device.json is ${JSON.stringify(apiUrl)}`)
}
