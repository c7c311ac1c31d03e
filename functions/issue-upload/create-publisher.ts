import { hash } from 'node:crypto'
import { createSigner, encodeUri, formatQuery, type SigningCredentials } from '#contract/sigv4.ts'

interface PublisherOptions {
  /** AWS IoT's data endpoint, without a slash at its end. */
  readonly endpoint: string
  readonly region: string
  readonly credentials: SigningCredentials
}

const timeoutMs = 5000

/** Publishes JSON to AWS IoT with QoS 1 (AWS IoT API reference, Publish). Throws when it was not taken. */
export function createPublisher({ endpoint, region, credentials }: PublisherOptions) {
  const sign = createSigner('iotdata', region)
  return async (topic: string, message: object): Promise<void> => {
    const url = new URL(`${endpoint}/topics/${encodeUri(topic)}`)
    const body = JSON.stringify(message)
    const query = { qos: '1' }
    const request = {
      method: 'POST',
      path: url.pathname,
      query,
      headers: { 'content-type': 'application/octet-stream', host: url.host },
      payloadHash: hash('sha256', body),
    }
    const headers = sign(request, credentials, new Date())
    url.search = formatQuery(query)
    const answer = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(timeoutMs) })
    if (!answer.ok) throw new Error(`AWS IoT did not publish: ${answer.status} ${await answer.text()}`)
    await answer.body?.cancel()
  }
}
