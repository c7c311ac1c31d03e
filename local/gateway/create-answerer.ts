import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import {
  type Authorizer,
  AwsError,
  type Call,
  type Caller,
  type HttpResponse,
  type HttpService,
  notImplemented,
} from '#local/service.ts'
import { wordForS3 } from './auth-wording.ts'
import { encodeQueryError } from './aws-query.ts'
import { createCall, requestContext } from './call.ts'
import type { CredentialLookup } from './credential-lookup.ts'
import { encodeJsonError } from './json-error.ts'
import { createRequestOpener } from './open-request.ts'
import { parseSignature, type Signature } from './sigv4/parse-signature.ts'
import { type RequestHead, readRequestHead } from './sigv4/request-head.ts'

export interface AnswererOptions {
  /** By the service name of the credential scope: `s3`, `iotdata`, `execute-api`. */
  readonly services: Readonly<Record<string, HttpService>>
  readonly credentials: CredentialLookup
  readonly authorizer: Authorizer
  readonly region: string
  readonly clock: () => Date
  /** Told of every exception that is no AwsError; the client sees only its request id. */
  readonly log?: (message: string, error: unknown) => void
}

/** From a request to the answer of the service that it is signed for; never throws. */
export function createAnswerer(options: AnswererOptions) {
  const { services, region, clock } = options
  const opener = createRequestOpener(options)

  return async (request: IncomingMessage, onStart: () => void): Promise<HttpResponse> => {
    const head = readRequestHead(request)
    const { signature, refusal } = readSignature(head)
    const name = signature?.scope.service ?? guessService(head)
    const requestId = createRequestId(name)
    try {
      if (refusal !== undefined) throw refusal
      const service = findService(name, signature)
      const arrival = { request, head, signature, onStart }
      const { httpRequest, caller } = name === 's3' ? opener.openS3(arrival) : await opener.openBuffered(arrival)
      try {
        const response = await service.handle(httpRequest, describeCall(request, caller, requestId))
        return withRequestId(name, requestId, response)
      } finally {
        httpRequest.body.destroy()
      }
    } catch (cause) {
      const error = cause instanceof AwsError ? cause : hide(name, requestId, cause)
      const worded = name === 's3' ? wordForS3(error, head, signature) : error
      return withRequestId(name, requestId, encodeError(name, head, worded, requestId))
    }
  }

  function findService(name: string, signature: Signature | undefined): HttpService {
    const service = Object.hasOwn(services, name) ? services[name] : undefined
    if (service) return service
    if (signature) throw notImplemented(`the service ${name}`)
    throw new AwsError('MissingAuthenticationToken', 'Missing Authentication Token', 403)
  }

  function describeCall(request: IncomingMessage, caller: Caller, requestId: string): Call {
    const sourceIp = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const { 'user-agent': userAgent, referer } = request.headers
    const context = {
      ...requestContext(caller, region, clock()),
      'aws:SourceIp': sourceIp,
      ...(userAgent !== undefined && { 'aws:UserAgent': userAgent }),
      ...(referer !== undefined && { 'aws:Referer': referer }),
    }
    return createCall({ authorizer: options.authorizer, caller, requestId, sourceIp, context })
  }

  function encodeError(name: string, head: RequestHead, error: AwsError, requestId: string): HttpResponse {
    if (Object.hasOwn(services, name) && services[name]) return services[name].encodeError(error, requestId)
    return isForm(head)
      ? encodeQueryError(error, requestId, 'https://amazonaws.com/')
      : encodeJsonError(error, requestId, { contentType: 'application/x-amz-json-1.1', authStatus: 403 })
  }

  function hide(name: string, requestId: string, cause: unknown): AwsError {
    options.log?.(`Request ${requestId} to ${name} failed`, cause)
    return name === 's3'
      ? new AwsError('InternalError', 'We encountered an internal error. Please try again.', 500, { cause })
      : new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', 500, {
          cause,
        })
  }
}

function readSignature(head: RequestHead): { signature?: Signature | undefined; refusal?: unknown } {
  try {
    return { signature: parseSignature(head) }
  } catch (refusal) {
    return { refusal }
  }
}

/** A request without a signature is S3's, unless it clearly speaks another protocol. */
function guessService(head: RequestHead): string {
  return head.headers.has('x-amz-target') || isForm(head) ? 'unknown' : 's3'
}

function isForm({ headers }: RequestHead): boolean {
  return headers.get('content-type')?.[0]?.startsWith('application/x-www-form-urlencoded') ?? false
}

/** S3's request ids are 16 digits. */
function createRequestId(name: string): string {
  const uuid = randomUUID()
  return name === 's3' ? uuid.replaceAll('-', '').slice(0, 16).toUpperCase() : uuid
}

function withRequestId(name: string, requestId: string, response: HttpResponse): HttpResponse {
  const header = name === 's3' ? 'x-amz-request-id' : 'x-amzn-requestid'
  return { ...response, headers: { [header]: requestId, ...response.headers } }
}
