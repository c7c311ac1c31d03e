import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { onTestFinished } from 'vitest'
import { Sha256 } from './sha256.ts'

export const testCredentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'test/secret', sessionToken: 'test+token' }
export const testRegion = 'eu-west-1'

export interface TestRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: string
}

/** `hang up` closes the connection in place of an answer. */
export type TestAnswer =
  | 'hang up'
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

/** An HTTP API for a test: refuses, as API Gateway does, what is not signed with the test's credentials. */
export async function startTestApi(answer: (request: TestRequest) => TestAnswer | Promise<TestAnswer>) {
  const requests: TestRequest[] = []
  const server = createServer(async (incoming, outgoing) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://test')
    const request = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      body: await text(incoming),
    }
    requests.push(request)
    const isSigned = await isSignedByTest(incoming, request)
    const answered = isSigned ? await answer(request) : { status: 403, body: { message: 'Forbidden' } }
    if (answered === 'hang up') return incoming.socket.destroy()
    const { status, body, headers } = answered
    const content = typeof body === 'string' ? body : JSON.stringify(body)
    return outgoing.writeHead(status, { 'apigw-requestid': 'gateway-request', ...headers }).end(content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the test API has no port')
  return { url: `http://127.0.0.1:${address.port}`, requests }
}

/** Signs the request again, with what its Authorization header names, and compares. */
async function isSignedByTest(
  { headers }: IncomingMessage,
  { method, path, query, body }: TestRequest,
): Promise<boolean> {
  const { authorization = '', 'x-amz-date': signedAt = '', 'x-amz-content-sha256': bodyHash } = headers
  if (bodyHash !== createHash('sha256').update(body).digest('hex')) return false
  const [, signedHeaders = ''] = /SignedHeaders=([^,]+)/.exec(authorization) ?? []
  const again = new HttpRequest({
    method,
    path,
    query: Object.fromEntries(query),
    headers: Object.fromEntries(signedHeaders.split(';').map((name) => [name, String(headers[name])])),
    body: body || undefined,
  })
  const signer = new SignatureV4({
    service: 'execute-api',
    region: testRegion,
    credentials: testCredentials,
    sha256: Sha256,
  })
  const signingDate = String(signedAt).replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')
  const signed = await signer.sign(again, { signingDate })
  return (
    signed.headers.authorization === authorization && headers['x-amz-security-token'] === testCredentials.sessionToken
  )
}
