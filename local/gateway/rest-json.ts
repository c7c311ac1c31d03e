import {
  AwsError,
  type HttpRequest,
  type HttpResponse,
  type HttpService,
  notImplemented,
  type Operations,
} from '#local/service.ts'
import { encodeJson } from './encode-json.ts'
import { encodeJsonError } from './json-error.ts'
import { parseJsonObject } from './parse-json-object.ts'
import { readBody } from './read-body.ts'
import { compileRoutes, type RestMatch, type RestRoute, type RestType } from './rest-routes.ts'

const contentType = 'application/json'

export interface RestJsonOptions {
  readonly operations: Operations
  /** May name operations that `operations` lacks: those answer 501 by name. */
  readonly routes: readonly RestRoute[]
}

/** The restJson1 protocol: an operation is a method and a path, its members stand in path, query, headers and body. */
export function restJson({ operations, routes }: RestJsonOptions): HttpService {
  const match = compileRoutes(routes)
  return {
    async handle(request, call) {
      const found = matchDecoded(match, request)
      const { operation } = found.route
      if (!Object.hasOwn(operations, operation)) throw notImplemented(operation)
      const output = await operations[operation]?.(await decodeInput(request, found), call)
      return encodeOutput(found.route, (output ?? {}) as Record<string, unknown>, call.requestId)
    },
    encodeError: (error, requestId) => encodeJsonError(error, requestId, { contentType, authStatus: 403 }),
  }
}

function matchDecoded(match: ReturnType<typeof compileRoutes>, request: HttpRequest): RestMatch {
  let found: RestMatch | undefined
  try {
    found = match(request.method, request.rawPath)
  } catch (cause) {
    throw new AwsError('InvalidRequestException', 'The path is not percent-encoded UTF-8', 400, { cause })
  }
  if (!found) throw notImplemented(`${request.method} ${request.rawPath}`)
  return found
}

async function decodeInput(request: HttpRequest, { route, labels }: RestMatch): Promise<Record<string, unknown>> {
  const body = await readBody(request)
  const input = route.payload === undefined ? parseJsonObject(body) : { [route.payload]: body }
  for (const [header, member] of Object.entries(route.headers ?? {})) {
    const value = request.headers[header]
    if (value !== undefined) input[member] = String(value)
  }
  for (const [name, shape] of Object.entries(route.query ?? {})) {
    const { member, type } = typeof shape === 'string' ? { member: name, type: shape } : shape
    const values = request.query.getAll(name)
    if (values[0] !== undefined) input[member] = type === 'list' ? values : decodeText(name, values[0], type)
  }
  return Object.assign(input, labels)
}

function decodeText(name: string, text: string, type: Exclude<RestType, 'list'>): unknown {
  const invalid = () => new AwsError('InvalidRequestException', `${text} is not a valid ${type} for ${name}`)
  switch (type) {
    case 'string':
      return text
    case 'integer':
      if (!/^-?\d{1,15}$/.test(text)) throw invalid()
      return Number(text)
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw invalid()
      return text === 'true'
    case 'timestamp': {
      const date = new Date(/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : text)
      if (Number.isNaN(date.getTime())) throw invalid()
      return date
    }
  }
}

function encodeOutput(route: RestRoute, output: Record<string, unknown>, requestId: string): HttpResponse {
  const headers: Record<string, string> = { 'content-type': contentType, 'x-amzn-requestid': requestId }
  const members = { ...output }
  for (const [member, header] of Object.entries(route.output?.headers ?? {})) {
    if (members[member] !== undefined) headers[header] = String(members[member])
    delete members[member]
  }
  const status = route.status ?? 200
  const payload = route.output?.payload
  if (payload !== undefined) {
    headers['content-type'] = 'application/octet-stream'
    return { status, headers, body: (members[payload] ?? '') as Uint8Array | string }
  }
  return status === 204 ? { status, headers } : { status, headers, body: encodeJson(members) }
}
