import type { IncomingMessage } from 'node:http'

/** The first part of a request as it came over the wire: what a signature covers besides the payload. */
export interface RequestHead {
  readonly method: string
  /** Still percent-encoded. */
  readonly rawPath: string
  readonly rawQuery: string
  /** By lower-case name, each with every value that was sent. */
  readonly headers: ReadonlyMap<string, readonly string[]>
}

export function readRequestHead(request: Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>): RequestHead {
  const url = request.url ?? '/'
  const question = url.indexOf('?')
  const headers = new Map<string, string[]>()
  const { rawHeaders } = request
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    const values = headers.get(name)
    if (values) values.push(value)
    else headers.set(name, [value])
  }
  return {
    method: request.method ?? 'GET',
    rawPath: question < 0 ? url : url.slice(0, question),
    rawQuery: question < 0 ? '' : url.slice(question + 1),
    headers,
  }
}
