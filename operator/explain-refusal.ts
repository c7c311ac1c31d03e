import { z } from 'zod'
import { problemSchema } from '#contract/problem.ts'
import { OperatorError } from './operator-error.ts'

/** What the API answered in place of a result. */
export interface Refusal {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** This machine's time when the answer came. */
  readonly now: Date
}

/** AWS refuses a signature that is more than five minutes off (IAM user guide, "Signature Version 4"). */
const toleratedSkewMs = 5 * 60_000
/** A newer API may know more codes than this version. */
const anyProblemSchema = problemSchema.extend({ code: z.string() })
/** API Gateway's own refusals: `{"message": "Forbidden"}`. */
const gatewaySchema = z.object({ message: z.string() })

/** The API's own problem as it is; what API Gateway says before thingdrop is reached, with what mends it. */
export function explainRefusal(refusal: Refusal): OperatorError {
  const { status, headers } = refusal
  const json = parseJson(refusal.body)
  const problem = anyProblemSchema.safeParse(json).data
  if (problem !== undefined) {
    const { code, detail, hint, requestId } = problem
    return new OperatorError(code, detail, { hint: hint ?? retryHint(headers), status, requestId })
  }
  const requestId = headers.get('apigw-requestid') ?? headers.get('x-amzn-requestid') ?? undefined
  const said = gatewaySchema.safeParse(json).data?.message ?? `HTTP status ${status}`
  const about = { status, requestId }
  const skewMs = clockSkewMs(refusal)
  if ((status === 403 || status === 401) && Math.abs(skewMs) > toleratedSkewMs) {
    const minutes = Math.round(Math.abs(skewMs) / 60_000)
    return new OperatorError(
      'CLOCK_SKEWED',
      `this machine's clock is ${minutes} minutes ${skewMs > 0 ? 'ahead' : 'behind'}: ${said}`,
      { ...about, hint: 'set the clock (timedatectl set-ntp true) and run it again' },
    )
  }
  if (status === 403 || status === 401) {
    return new OperatorError('ACCESS_DENIED', `the API does not let these credentials in: ${said}`, {
      ...about,
      hint: 'they need execute-api:Invoke on this API, and must not be expired; `aws sts get-caller-identity` shows whose they are',
    })
  }
  if (status === 404) {
    return new OperatorError('API_ANSWER_INVALID', `the address has no such route: ${said}`, {
      ...about,
      hint: 'check --api-url (the stack output ApiUrl), or update the stack to this version',
    })
  }
  return new OperatorError('API_FAILED', `the API answered: ${said}`, {
    ...about,
    hint:
      retryHint(headers) ??
      (status >= 500 ? "try again; if it stays, the logs of the stack's functions say why" : undefined),
  })
}

/** Seconds of a Retry-After header that gives seconds, as API Gateway's and ours do. */
export function retryAfterSeconds(headers: Headers): number | undefined {
  const text = headers.get('retry-after') ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function retryHint(headers: Headers): string | undefined {
  const seconds = retryAfterSeconds(headers)
  return seconds === undefined ? undefined : `try again in ${seconds} s`
}

function clockSkewMs({ headers, now }: Refusal): number {
  const theirs = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(theirs) ? 0 : now.getTime() - theirs
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
