import type { Caller } from '#local/service.ts'
import { decodePath } from './decode-path.ts'
import type { Api, Route } from './types.ts'

export interface ProxyEventInput {
  readonly api: Api
  readonly route: Route
  readonly pathParameters: Readonly<Record<string, string>>
  readonly method: string
  readonly rawPath: string
  readonly rawQuery: string
  /** Names and values as they came, alternating. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly sourceIp: string
  readonly port: number
  readonly accountId: string
  readonly requestId: string
  readonly now: Date
  /** Who signed the request, for a route with IAM authorization. */
  readonly signer: Signer | undefined
}

export interface Signer {
  readonly caller: Caller
  readonly accessKeyId: string
}

/**
 * The event of a Lambda proxy integration, payload format 2.0 (`APIGatewayProxyEventV2` of @types/aws-lambda).
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toProxyEvent(input: ProxyEventInput) {
  const { api, route, method, now, body } = input
  const { headers, cookies } = readHeaders(input.rawHeaders)
  const query = joinQuery(input.rawQuery)
  const isText = isTextType(headers['content-type'])
  // HTTP APIs decode the path, unlike REST APIs and function URLs.
  const path = decodePath(input.rawPath)
  return {
    version: '2.0',
    routeKey: route.RouteKey,
    rawPath: path,
    rawQueryString: input.rawQuery,
    ...(cookies.length > 0 && { cookies }),
    headers: {
      ...headers,
      'x-forwarded-for': input.sourceIp,
      'x-forwarded-port': String(input.port),
      'x-forwarded-proto': 'http',
    },
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    ...(Object.keys(input.pathParameters).length > 0 && { pathParameters: input.pathParameters }),
    requestContext: {
      accountId: input.accountId,
      apiId: api.ApiId,
      ...(input.signer && { authorizer: { iam: describeSigner(input.signer) } }),
      domainName: headers.host ?? '',
      domainPrefix: api.ApiId,
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: input.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: input.requestId,
      routeKey: route.RouteKey,
      stage: '$default',
      time: formatTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  }
}

function readHeaders(rawHeaders: readonly string[]) {
  const headers: Record<string, string> = Object.create(null)
  const cookies: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    if (name === 'cookie') cookies.push(...value.split(/; */).filter(Boolean))
    else headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`
  }
  return { headers: { ...headers }, cookies }
}

function joinQuery(rawQuery: string): Record<string, string> {
  const joined: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(rawQuery)) {
    joined[name] = joined[name] === undefined ? value : `${joined[name]},${value}`
  }
  return { ...joined }
}

/** Bodies of these types reach the function as text; the type of a body without one is not documented. */
function isTextType(contentType = 'text/plain'): boolean {
  return /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/i.test(contentType)
}

function describeSigner({ caller, accessKeyId }: Signer) {
  return {
    accessKey: accessKeyId,
    accountId: caller.accountId,
    callerId: caller.userId,
    cognitoIdentity: null,
    principalOrgId: null,
    userArn: caller.arn,
    userId: caller.userId,
  }
}

/** `12/Mar/2020:19:03:58 +0000` */
function formatTime(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? []
  return `${day}/${month}/${year}:${time} +0000`
}
