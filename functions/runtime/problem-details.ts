import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { Fault } from '#contract/fault.ts'
import { faultStatus } from '#contract/fault-codes.ts'
import type { Problem } from '#contract/problem.ts'
import { log } from './log.ts'

/** A Fault becomes problem+json (RFC 9457); anything else becomes a 500 with a request id and nothing more. */
export function problemDetails(): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError(request) {
      const requestId = request.context.awsRequestId
      const fault = toFault(request.error)
      const status = faultStatus[fault.code]
      log(status >= 500 ? 'error' : 'info', 'request refused', {
        requestId,
        route: request.event.routeKey,
        code: fault.code,
        ...(status >= 500 ? { error: request.error } : {}),
      })
      const problem: Problem = {
        type: `https://thingdrop.dev/faults/${fault.code}`,
        title: fault.code.toLowerCase().replaceAll('_', ' '),
        status,
        code: fault.code,
        detail: fault.message,
        ...(fault.hint === undefined ? {} : { hint: fault.hint }),
        requestId,
      }
      request.response = {
        statusCode: status,
        headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...retryAfter(fault) },
        body: JSON.stringify(problem),
      }
    },
  }
}

function toFault(error: unknown): Fault {
  if (error instanceof Fault && faultStatus[error.code] < 500) return error
  return new Fault('INTERNAL', 'something failed on our side', {
    hint: 'try again; if it stays, give us the request id',
  })
}

function retryAfter(fault: Fault): Record<string, string> {
  return fault.retryAfterSeconds === undefined ? {} : { 'retry-after': String(fault.retryAfterSeconds) }
}
