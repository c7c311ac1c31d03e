import { type HttpService, notImplemented, type Operations } from '#local/service.ts'
import { encodeJson } from './encode-json.ts'
import { encodeJsonError } from './json-error.ts'
import { parseJsonObject } from './parse-json-object.ts'
import { readBody } from './read-body.ts'

export interface AwsJsonOptions {
  readonly operations: Operations
  /** What stands before the operation in `X-Amz-Target`: `TrentService`, `AmazonSQS`, `DynamoDB_20120810`. */
  readonly target: string
  readonly version: '1.0' | '1.1'
  /** Services that once spoke the query protocol repeat its error codes in `x-amzn-query-error`: code → query code. */
  readonly queryErrorCodes?: Readonly<Record<string, string>>
}

/** The awsJson1_0 and awsJson1_1 protocols: `POST /` with the operation named in `X-Amz-Target`. */
export function awsJson({ operations, target, version, queryErrorCodes }: AwsJsonOptions): HttpService {
  const contentType = `application/x-amz-json-${version}`
  return {
    async handle(request, call) {
      const named = String(request.headers['x-amz-target'] ?? '')
      const operation = named.startsWith(`${target}.`) ? named.slice(target.length + 1) : undefined
      if (!operation) throw notImplemented(`a request without X-Amz-Target: ${target}.…`)
      if (!Object.hasOwn(operations, operation)) throw notImplemented(`${target}.${operation}`)
      const input = parseJsonObject(await readBody(request))
      const output = await operations[operation]?.(input, call)
      return {
        status: 200,
        headers: { 'content-type': contentType, 'x-amzn-requestid': call.requestId },
        body: encodeJson(output),
      }
    },
    encodeError(error, requestId) {
      const headers = queryErrorCodes && {
        'x-amzn-query-error': `${queryErrorCodes[error.code] ?? error.code};${error.status < 500 ? 'Sender' : 'Receiver'}`,
      }
      return encodeJsonError(error, requestId, { contentType, authStatus: 400, ...(headers && { headers }) })
    },
  }
}
