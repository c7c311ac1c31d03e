import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { createCall, requestContext, serviceCall } from '#local/gateway/call.ts'
import type { CredentialLookup } from '#local/gateway/credential-lookup.ts'
import { createRequestOpener } from '#local/gateway/open-request.ts'
import { collectPayload } from '#local/gateway/payload/collect-payload.ts'
import { readBody } from '#local/gateway/read-body.ts'
import { parseSignature } from '#local/gateway/sigv4/parse-signature.ts'
import { readRequestHead } from '#local/gateway/sigv4/request-head.ts'
import { type Authorizer, AwsError, type Operations } from '#local/service.ts'
import type { ApiStore } from './api-operations.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { decodeSegments } from './decode-path.ts'
import { matchRoute, type RouteMatch } from './match-route.ts'
import { type Signer, toProxyEvent } from './proxy-event.ts'
import { jsonResponse, type ProxyResponse, readProxyResponse } from './proxy-response.ts'
import { createThrottle } from './throttle.ts'
import type { Api } from './types.ts'

export interface HttpApiOptions {
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly authorizer: Authorizer
  readonly credentials: CredentialLookup
  readonly lambda: Operations
  readonly log: (line: string) => void
}

const maxBodyBytes = 10 * 1024 * 1024

/** From a request to the answer of the function behind its route; never throws. */
export function createApiAnswerer(store: ApiStore, options: HttpApiOptions) {
  const { accountId, region, clock, authorizer, lambda, log } = options
  const opener = createRequestOpener(options)
  const throttle = createThrottle(() => clock().getTime())

  async function answer(request: IncomingMessage, requestId: string): Promise<ProxyResponse> {
    const api = store.api()
    if (!api) return jsonResponse(404, 'Not Found')
    const { origin } = request.headers
    const cors = api.CorsConfiguration
    if (cors && request.method === 'OPTIONS' && origin && request.headers['access-control-request-method']) {
      return { status: 204, headers: preflightHeaders(cors, origin), cookies: [], body: '' }
    }
    const response = await answerRoute(api, request, requestId)
    return cors ? { ...response, headers: { ...response.headers, ...corsHeaders(cors, origin) } } : response
  }

  async function answerRoute(api: Api, request: IncomingMessage, requestId: string): Promise<ProxyResponse> {
    const head = readRequestHead(request)
    const { method, rawPath } = head
    const [stage] = store.stagesOf(api.ApiId)
    const match = stage && matchRoute(store.routesOf(api.ApiId), method, rawPath)
    if (!match) return jsonResponse(404, 'Not Found')
    const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = stage.DefaultRouteSettings ?? {}
    if (rate !== undefined && burst !== undefined && !throttle(match.route.RouteId, { rate, burst })) {
      return jsonResponse(429, 'Too Many Requests')
    }
    const { body, signer } = await openRequest(api, match, request, head, requestId)
    const event = toProxyEvent({
      ...match,
      api,
      method,
      rawPath,
      rawQuery: head.rawQuery,
      rawHeaders: request.rawHeaders,
      body,
      sourceIp: sourceIpOf(request),
      port: request.socket.localPort ?? 0,
      accountId,
      requestId,
      now: clock(),
      signer,
    })
    return invoke(api, match, event)
  }

  async function openRequest(
    api: Api,
    { route }: RouteMatch,
    request: IncomingMessage,
    head: ReturnType<typeof readRequestHead>,
    requestId: string,
  ): Promise<{ body: Buffer; signer: Signer | undefined }> {
    if (route.AuthorizationType === 'NONE') {
      return { body: await collectPayload(request, maxBodyBytes, () => {}), signer: undefined }
    }
    try {
      const signature = parseSignature(head)
      if (signature?.scope.service !== 'execute-api') throw new AwsError('AccessDenied', 'not signed', 403)
      const { httpRequest, caller } = await opener.openBuffered({ request, head, signature, onStart: () => {} })
      const body = await readBody(httpRequest)
      if (body.length > maxBodyBytes) throw tooLarge()
      const sourceIp = sourceIpOf(request)
      const context = { ...requestContext(caller, region, clock()), 'aws:SourceIp': sourceIp }
      const path = decodeSegments(head.rawPath)
      const resource = `arn:aws:execute-api:${region}:${accountId}:${api.ApiId}/$default/${head.method}${path}`
      createCall({ authorizer, caller, requestId, sourceIp, context }).authorize('execute-api:Invoke', resource)
      return { body, signer: { caller, accessKeyId: signature.accessKeyId } }
    } catch (cause) {
      if (!(cause instanceof AwsError) || cause.status >= 500 || cause.status === 413) throw cause
      throw new AwsError('Forbidden', cause.message, 403, { cause })
    }
  }

  async function invoke(api: Api, { route }: RouteMatch, event: object): Promise<ProxyResponse> {
    const integrationId = route.Target.replace(/^integrations\//, '')
    const integration = store.integrations.get(`${api.ApiId}/${integrationId}`)
    if (!integration) throw new Error(`${route.RouteKey} has no integration ${integrationId}`)
    const [verb = '', path = ''] = route.RouteKey.split(' ')
    // As API Gateway names a route to Lambda's permission: variables stand as they do in the route.
    const source = route.RouteKey === '$default' ? '$default' : `${verb === 'ANY' ? '*' : verb}${path}`
    const sourceArn = `arn:aws:execute-api:${region}:${accountId}:${api.ApiId}/$default/${source}`
    const call = serviceCall({ authorizer, principal: 'apigateway.amazonaws.com', accountId, region, sourceArn, clock })
    const FunctionName = /(arn:aws:lambda:[^/]+)(\/invocations)?$/.exec(integration.IntegrationUri)?.[1]
    const input = { FunctionName, Payload: Buffer.from(JSON.stringify(event)) }
    const timer = new AbortController()
    const timeout = setTimeout(integration.TimeoutInMillis, undefined, { signal: timer.signal })
    try {
      const invoked = Promise.resolve(lambda.Invoke?.(input, call)) as Promise<{
        FunctionError?: string
        Payload: Uint8Array
      }>
      const output = await Promise.race([invoked, timeout])
      if (!output) return jsonResponse(503, 'Service Unavailable')
      const response = output.FunctionError ? undefined : readProxyResponse(Buffer.from(output.Payload).toString())
      return response ?? jsonResponse(500, 'Internal Server Error')
    } finally {
      timer.abort()
      timeout.catch(() => {})
    }
  }

  return async (request: IncomingMessage): Promise<ProxyResponse> => {
    const requestId = randomUUID()
    const response = await answer(request, requestId).catch((error) => refuse(error))
    return { ...response, headers: { ...response.headers, 'apigw-requestid': requestId } }
  }

  function refuse(error: unknown): ProxyResponse {
    if (error instanceof AwsError) {
      if (error.code === 'Forbidden') return jsonResponse(403, 'Forbidden')
      if (error.status === 413) return jsonResponse(413, 'Request Entity Too Large')
      if (error.status === 429) return jsonResponse(503, 'Service Unavailable')
    }
    log(`HTTP API: ${error instanceof Error ? error.message : error}`)
    return jsonResponse(500, 'Internal Server Error')
  }
}

function sourceIpOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

function tooLarge(): AwsError {
  return new AwsError('RequestEntityTooLarge', `The body exceeds ${maxBodyBytes} bytes`, 413)
}
