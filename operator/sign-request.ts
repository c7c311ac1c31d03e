import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { Sha256 } from './sha256.ts'

/** What signs a request: an AWS access key, with the session token that belongs to it. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface SignerOptions {
  readonly region: string
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>)
  readonly clock: () => Date
}

export type SignRequest = (method: string, url: URL, body: string | null) => Promise<Record<string, string>>

/** Signs for API Gateway (service `execute-api`) and returns the headers to send; fetch adds the signed Host itself. */
export function createRequestSigner({ region, credentials, clock }: SignerOptions): SignRequest {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256 })
  return async (method, url, body) => {
    const request = new HttpRequest({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { host: url.host, ...(body !== null && { 'content-type': 'application/json' }) },
      body: body ?? undefined,
    })
    const { host: _, ...headers } = (await signer.sign(request, { signingDate: clock() })).headers
    return headers
  }
}
