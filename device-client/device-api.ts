import { createApiCaller } from './call-api.ts'
import { type CorrectedRuntime, checkValidityThere, learnTimeFrom } from './corrected-runtime.ts'
import { createCredentialCache } from './credential-cache.ts'
import { askForTime, type Credentials, fetchCredentials } from './credentials.ts'
import type { Identity } from './device-folder.ts'
import type { ParseAnswer } from './parse-answers.ts'
import { type RetryOptions, retry } from './retry.ts'

/** The API as one identity calls it: signed with credentials that its certificate gets. */
export interface DeviceApi {
  credentials(): Promise<Credentials>
  /** Throws the API's Fault, DeviceFault (RENEWAL_…, ANSWER_INVALID, API_URL_UNUSABLE), the credentials' and the connection's. */
  post<Answer>(path: string, body: string, parse: ParseAnswer<Answer>): Promise<Answer>
  close(): void
}

const codes = { refused: 'RENEWAL_REFUSED', unavailable: 'RENEWAL_UNAVAILABLE' } as const

export function openDeviceApi(identity: Identity, runtime: CorrectedRuntime, retrying: RetryOptions): DeviceApi {
  const { certificate, configuration, tls } = identity
  const idleTimeoutMs = 35_000
  const trust = tls.ca === undefined ? {} : { ca: tls.ca }
  const mutual = learnTimeFrom(runtime.openHttp({ tls, maxConnections: 1, idleTimeoutMs }), runtime)
  const transport = learnTimeFrom(runtime.openHttp({ tls: trust, maxConnections: 1, idleTimeoutMs }), runtime)
  const cache = createCredentialCache(async () => {
    await checkValidityThere(certificate, runtime, () => askForTime(mutual, configuration))
    return await fetchCredentials(mutual, configuration, retrying.signal)
  }, runtime)
  const credentials = () => retry(cache.get, runtime, retrying)

  const call = createApiCaller({ configuration, credentials: cache.get, transport, runtime, codes })

  return {
    credentials,
    async post(path, body, parse) {
      const send = () => call({ method: 'POST', path, body }, parse, retrying.signal)
      await credentials()
      return await retry(send, runtime, retrying)
    },
    close() {
      mutual.close()
      transport.close()
    },
  }
}
