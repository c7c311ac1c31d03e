import { Fault } from '#contract/fault.ts'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'
import type { HttpAnswer } from './http-transport.ts'
import { type ParseAnswer, parseProblem } from './parse-answers.ts'
import { parseRetryAfter } from './parse-retry-after.ts'

/** What an answer is called that is no success and no problem of ours. */
export interface RefusalCodes {
  readonly refused: DeviceFaultCode
  /** 429 and 5xx. */
  readonly unavailable: DeviceFaultCode
}

/** Throws the API's Fault when it refuses; DeviceFault for a refusal of something else, and ANSWER_INVALID for a success that is none. */
export function parseApiAnswer<Answer>(
  { status, headers, body }: HttpAnswer,
  host: string,
  parse: ParseAnswer<Answer>,
  codes: RefusalCodes,
): Answer {
  if (status < 200 || status >= 300) throw refusal({ status, headers, body }, codes)
  const parsed = parse(parseJson(body))
  if (parsed !== undefined) return parsed
  throw new DeviceFault('ANSWER_INVALID', `${host} answered ${status} without what was asked for`)
}

function refusal({ status, headers, body }: HttpAnswer, { refused, unavailable }: RefusalCodes): Fault | DeviceFault {
  const problem = parseProblem(parseJson(body))
  if (problem !== undefined) {
    const { code, detail, hint } = problem
    const retryAfterSeconds = Number.parseInt(headers['retry-after'] ?? '', 10)
    return new Fault(code, detail, {
      ...(hint !== undefined && { hint }),
      ...(retryAfterSeconds > 0 && { retryAfterSeconds }),
    })
  }
  const isBusy = status === 429 || status >= 500
  return new DeviceFault(isBusy ? unavailable : refused, `the API answered ${status}`, {
    retryAfterSeconds: parseRetryAfter(headers),
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
