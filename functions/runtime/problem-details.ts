import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { faultStatus } from '#contract/fault-codes.ts'
import type { Problem } from '#contract/problem.ts'
import { toldFault } from './told-fault.ts'

/** A Fault becomes problem+json (RFC 9457); anything else becomes a 500 with a request id and nothing more. */
export function problemDetails(): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError(request) {
      const requestId = request.context.awsRequestId
      const fault = toldFault(request.error, { requestId, route: request.event.routeKey })
      const { code, message, hint, retryAfterSeconds } = fault
      const problem: Problem = {
        type: `https://thingdrop.dev/faults/${code}`,
        title: code.toLowerCase().replaceAll('_', ' '),
        status: faultStatus[code],
        code,
        detail: message,
        ...(hint === undefined ? {} : { hint }),
        requestId,
      }
      request.response = {
        statusCode: problem.status,
        headers: {
          'content-type': 'application/problem+json',
          'cache-control': 'no-store',
          ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
        },
        body: JSON.stringify(problem),
      }
    },
  }
}
