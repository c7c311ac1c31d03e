import { parseCron } from './cron-expression.ts'
import { invalidInput } from './events-errors.ts'

/** When a rule runs next after `nowMs`, if it ever does; a rate counts from `anchorMs`. */
export type Schedule = (anchorMs: number, nowMs: number) => number | undefined

const unitMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/**
 * Reads `rate(5 minutes)` or `cron(0 10 * * ? *)`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): Schedule {
  const [, kind, body = ''] = /^(rate|cron)\((.*)\)$/.exec(expression) ?? []
  const schedule = kind === 'rate' ? parseRate(body) : kind === 'cron' ? ignoreAnchor(parseCron(body)) : undefined
  if (!schedule) throw invalidInput('Parameter ScheduleExpression is not valid.')
  return schedule
}

/** One minute, and several minutes. */
function parseRate(body: string): Schedule | undefined {
  const [, digits, unit = '', plural] = /^\s*([1-9]\d{0,8}) +(minute|hour|day)(s?)\s*$/.exec(body) ?? []
  const count = Number(digits)
  const ms = unitMs[unit]
  if (ms === undefined || count > 1 !== (plural === 's')) return undefined
  const periodMs = count * ms
  return (anchorMs, nowMs) => anchorMs + (Math.floor((nowMs - anchorMs) / periodMs) + 1) * periodMs
}

function ignoreAnchor(next: ((afterMs: number) => number | undefined) | undefined): Schedule | undefined {
  return next && ((_anchorMs, nowMs) => next(nowMs))
}
