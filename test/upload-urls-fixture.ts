import { hash } from 'node:crypto'
import { once } from 'node:events'
import { request as requestHttp } from 'node:http'
import { text } from 'node:stream/consumers'
import { crc32 } from 'node:zlib'
import { fillPath, type RouteName, routes } from '#contract/api.ts'
import { createSigner, formatQuery, type SigningCredentials } from '#contract/sigv4.ts'
import type { CreateUploadResponse } from '#contract/uploads-api.ts'
import type { TestCloud } from './test-cloud.ts'

interface UploadCall {
  readonly thing: string
  readonly uploadId?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface ApiReply<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body & { readonly code?: string; readonly detail?: string }
}

/** Calls a route of issued uploads, signed with a device's credentials. */
export async function callUploadApi<Body = unknown>(
  cloud: TestCloud,
  credentials: SigningCredentials,
  route: RouteName,
  { thing, uploadId = '', query = {}, headers = {}, body }: UploadCall,
): Promise<ApiReply<Body>> {
  const { method, path } = routes[route]
  const url = new URL(cloud.output('ApiUrl') + fillPath(path, { thing, uploadId }))
  const payload = body === undefined ? '' : JSON.stringify(body)
  const unsigned = { method, path: url.pathname, query, headers: { ...headers, host: url.host } }
  const sign = createSigner('execute-api', cloud.cloud.region)
  const signed = sign({ ...unsigned, payloadHash: hash('sha256', payload) }, credentials, new Date())
  url.search = formatQuery(query)
  const answer = await fetch(url, { method, headers: signed, ...(body !== undefined && { body: payload }) })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as ApiReply<Body>['body'] }
}

export function crc32Of(content: string | Uint8Array): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(crc32(content))
  return bytes.toString('base64')
}

/** What a device says of a file before it has a URL for it. */
export function describeFile(name: string, content: string | Uint8Array) {
  return { name, sizeBytes: Buffer.byteLength(content), contentType: 'text/csv', crc32: crc32Of(content) }
}

/** PUTs with these headers and no others. */
export async function putTo(url: string, headers: Readonly<Record<string, string>>, content: string | Uint8Array) {
  const request = requestHttp(url, { method: 'PUT', headers })
  // S3 may answer, and hang up, before it has read all.
  request.on('error', () => {})
  request.end(content)
  const [response] = await once(request, 'response')
  return { status: response.statusCode as number, body: await text(response) }
}

/** Uses the URL of a PUT as it was answered. */
export function sendFile({ put }: CreateUploadResponse, content: string | Uint8Array) {
  if (!put) throw new Error('the answer has no PUT')
  return putTo(put.url, put.headers, content)
}

/** An answer without what each process of the function signs with credentials of its own. */
export function withoutSignature({ put, ...answer }: CreateUploadResponse) {
  if (!put) return answer
  const url = new URL(put.url)
  for (const name of ['Credential', 'Security-Token', 'Signature']) url.searchParams.delete(`X-Amz-${name}`)
  return { ...answer, put: { ...put, url: url.href } }
}
