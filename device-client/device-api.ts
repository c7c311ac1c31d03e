import { hash } from 'node:crypto'
import { parseApiAnswer } from './api-answer.ts'
import { type CorrectedRuntime, checkValidityThere, learnTimeFrom } from './corrected-runtime.ts'
import { createCredentialCache } from './credential-cache.ts'
import { askForTime, type Credentials, fetchCredentials } from './credentials.ts'
import { DeviceFault } from './device-fault.ts'
import type { Identity } from './device-folder.ts'
import { createHttpTransport } from './http-transport.ts'
import { isLoopback } from './is-loopback.ts'
import type { ParseAnswer } from './parse-answers.ts'
import { type RetryOptions, retry } from './retry.ts'
import { createSigner } from './sigv4.ts'

/** The API as one identity calls it: signed with credentials that its certificate gets. */
export interface DeviceApi {
  credentials(): Promise<Credentials>
  /** Throws the API's Fault, DeviceFault (RENEWAL_…, ANSWER_INVALID, API_URL_UNUSABLE), the credentials' and the connection's. */
  post<Answer>(path: string, body: string, parse: ParseAnswer<Answer>): Promise<Answer>
  close(): void
}

/** What API Gateway says of a signature of another time (AWS IAM user guide, "Troubleshoot signed requests"). */
const skewed = /Signature (expired|not yet current)/i
const codes = { refused: 'RENEWAL_REFUSED', unavailable: 'RENEWAL_UNAVAILABLE' } as const

export function openDeviceApi(identity: Identity, runtime: CorrectedRuntime, retrying: RetryOptions): DeviceApi {
  const { certificate, configuration, tls } = identity
  const idleTimeoutMs = 35_000
  const trust = tls.ca === undefined ? {} : { ca: tls.ca }
  const mutual = learnTimeFrom(createHttpTransport({ tls, maxConnections: 1, idleTimeoutMs }), runtime)
  const transport = learnTimeFrom(createHttpTransport({ tls: trust, maxConnections: 1, idleTimeoutMs }), runtime)
  const sign = createSigner('execute-api', configuration.region)
  const cache = createCredentialCache(async () => {
    await checkValidityThere(certificate, runtime, () => askForTime(mutual, configuration))
    return await fetchCredentials(mutual, configuration, retrying.signal)
  }, runtime)
  const credentials = () => retry(cache.get, runtime, retrying)

  async function send<Answer>(url: URL, body: string, parse: ParseAnswer<Answer>): Promise<Answer> {
    const unsigned = {
      method: 'POST',
      path: url.pathname,
      headers: { host: url.host, 'content-type': 'application/json' },
      payloadHash: hash('sha256', body),
    } as const
    const signed = sign(unsigned, await cache.get(), runtime.clock())
    const headers = { ...signed, 'content-length': Buffer.byteLength(body) }
    const received = await transport.send({ method: 'POST', url, headers, body, signal: retrying.signal })
    if (received.status === 403 && skewed.test(received.body)) {
      throw new DeviceFault('CLOCK_SKEWED', `signed at ${signed['x-amz-date']}, the API says ${received.headers.date}`)
    }
    return parseApiAnswer(received, url.host, parse, codes)
  }

  return {
    credentials,
    async post(path, body, parse) {
      const url = parseApiUrl(configuration.apiUrl, path)
      await credentials()
      return await retry(() => send(url, body, parse), runtime, retrying)
    },
    close() {
      mutual.close()
      transport.close()
    },
  }
}

function parseApiUrl(apiUrl: string | undefined, path: string): URL {
  if (apiUrl === undefined) throw new DeviceFault('API_URL_UNUSABLE', 'device.json does not say where the API is')
  const text = apiUrl.replace(/\/+$/, '') + path
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))) return url
  throw new DeviceFault('API_URL_UNUSABLE', `apiUrl of device.json is ${JSON.stringify(apiUrl)}`)
}
