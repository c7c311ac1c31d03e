import middy from '@middy/core'
import type {
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayProxyStructuredResultV2,
  Context,
} from 'aws-lambda'
import type { z } from 'zod'
import { Fault } from '#contract/fault.ts'
import { problemDetails } from './problem-details.ts'

/** API Gateway itself takes 10 MB; no request of ours needs more than this. */
const maxBodyBytes = 64 * 1024

/** With the part that API Gateway adds on a route with IAM. */
type ApiEvent = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & {
    readonly authorizer?: { readonly iam?: { readonly userArn: string } }
  }
>

/** What a route gets: parsed, and free of the transport. */
export interface ApiRequest {
  readonly json: () => unknown
  readonly query: Readonly<Record<string, string | undefined>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The path's parameters, decoded. */
  readonly path: Readonly<Record<string, string | undefined>>
  /** Who signed the request, on a route with IAM. */
  readonly callerArn: string | undefined
  readonly requestId: string
}

interface ApiAnswer {
  readonly status: number
  /** None of a 304. */
  readonly body?: unknown
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Route = (request: ApiRequest) => Promise<ApiAnswer>

/** A Lambda handler for HTTP API events (payload 2.0) out of routes named as the API names them: `GET /v1/things`. */
export function createHttpHandler(routes: Readonly<Record<string, Route>>) {
  return middy<ApiEvent, APIGatewayProxyStructuredResultV2, Error, Context>()
    .use(problemDetails())
    .handler(async (event, context) => {
      const route = Object.hasOwn(routes, event.routeKey) ? routes[event.routeKey] : undefined
      if (!route) throw new Fault('NOT_FOUND', `there is no ${event.routeKey}`)
      const query = event.queryStringParameters ?? {}
      const answer = await route({
        query,
        headers: event.headers,
        path: event.pathParameters ?? {},
        callerArn: event.requestContext.authorizer?.iam?.userArn,
        requestId: context.awsRequestId,
        json: () => parseJson(event),
      })
      return {
        statusCode: answer.status,
        headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...answer.headers },
        ...(answer.body !== undefined && { body: JSON.stringify(answer.body) }),
      }
    })
}

function parseJson({ body = '', isBase64Encoded }: ApiEvent): unknown {
  const text = isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body
  if (Buffer.byteLength(text) > maxBodyBytes) {
    throw new Fault('BODY_TOO_LARGE', `the body has more than ${maxBodyBytes} bytes`)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Fault('REQUEST_INVALID', 'the body is not JSON', { cause, hint: 'send a JSON object' })
  }
}

/** Parses at the edge, once. Throws REQUEST_INVALID that names each member that is wrong, never its value. */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the request'}: ${issue.message}`)
  throw new Fault('REQUEST_INVALID', wrong.join('; '))
}
