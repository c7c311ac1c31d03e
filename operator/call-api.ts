import { setTimeout as wait } from 'node:timers/promises'
import type { ZodType } from 'zod'
import { fillPath } from '#contract/api.ts'
import { parseApiUrl } from './api-url.ts'
import { explainConnectionFailure, networkCodeOf } from './explain-connection-failure.ts'
import { explainRefusal, retryAfterSeconds } from './explain-refusal.ts'
import { OperatorError } from './operator-error.ts'
import { decideRetry } from './retry.ts'
import { type AwsCredentials, createRequestSigner } from './sign-request.ts'

export interface ApiOptions {
  /** The stack's output `ApiUrl`. */
  readonly apiUrl: string
  readonly region: string
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>)
  readonly clock?: () => Date
  /** Spreads retries: 0 ≤ x < 1. */
  readonly random?: () => number
  /** How often a request is sent before its failure is the answer; 4 when not given. More suits work of many requests. */
  readonly maxAttempts?: number | undefined
}

type Query = Readonly<Record<string, string | number | undefined>>

interface ApiRequest<Answer> {
  readonly route: { readonly method: string; readonly path: string }
  /** Fill the route's path. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly query?: Query
  readonly body?: unknown
  /** Done twice it is done once, so that it goes again even when its answer was lost. */
  readonly isRepeatable?: true
  readonly answer: ZodType<Answer>
}

/** Sends one signed request, again where that is safe, and returns the parsed answer. Throws OperatorError. */
export type CallApi = <Answer>(request: ApiRequest<Answer>) => Promise<Answer>

/** An HTTP API gives up on its integration after 30 seconds. */
const timeoutMs = 35_000

export function createApiCaller(options: ApiOptions): CallApi {
  const { clock = () => new Date(), random = Math.random, maxAttempts } = options
  const apiUrl = parseApiUrl(options.apiUrl)
  const sign = createRequestSigner({ ...options, clock })

  return async ({ route, parameters = {}, query = {}, body, isRepeatable, answer }) => {
    const { method, path } = route
    const url = new URL(apiUrl + fillPath(path, parameters) + formatQuery(query))
    const text = body === undefined ? null : JSON.stringify(body)
    for (let attempt = 1; ; attempt++) {
      const headers = await sign(method, url, text)
      const sent = await send(url, { method, headers, body: text })
      if (!('error' in sent) && sent.ok) return parseAnswer(answer, sent)
      const failed =
        'error' in sent
          ? { networkCode: networkCodeOf(sent.error) }
          : { status: sent.status, retryAfterSeconds: retryAfterSeconds(sent.headers) }
      const delayMs = decideRetry({ method, isRepeatable, attempt, maxAttempts, ...failed }, random)
      if (delayMs === undefined) {
        throw 'error' in sent ? explainConnectionFailure(url, sent.error) : explainRefusal({ ...sent, now: clock() })
      }
      await wait(delayMs)
    }
  }
}

/** A signature's canonical form knows `%20` and not `+`, so the line is written without a plus. */
function formatQuery(query: Query): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value))
  return given.size === 0 ? '' : `?${given.toString().replaceAll('+', '%20')}`
}

interface Received {
  readonly url: URL
  readonly status: number
  readonly ok: boolean
  readonly headers: Headers
  readonly body: string
}

/** A redirect is an answer like another: following it would carry the signature to where it does not hold. */
async function send(url: URL, init: RequestInit): Promise<Received | { readonly error: unknown }> {
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
    const { status, ok, headers } = response
    return { url, status, ok, headers, body: await response.text() }
  } catch (error) {
    return { error }
  }
}

function parseAnswer<Answer>(schema: ZodType<Answer>, { url, status, headers, body }: Received): Answer {
  try {
    return schema.parse(JSON.parse(body))
  } catch (cause) {
    throw new OperatorError('API_ANSWER_INVALID', `${url.origin} does not answer as the thingdrop API does`, {
      hint: 'check --api-url (the stack output ApiUrl), and that this version is not older than the stack',
      status,
      requestId: headers.get('apigw-requestid') ?? undefined,
      cause,
    })
  }
}
