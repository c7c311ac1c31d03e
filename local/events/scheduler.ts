import { randomUUID } from 'node:crypto'
import { formatEventTime } from './event.ts'
import type { EventsState } from './events-state.ts'
import type { Rule } from './rule-store.ts'
import { parseSchedule } from './schedule.ts'

export interface SchedulerOptions extends EventsState {
  readonly transaction: <R>(work: () => R) => R
  readonly log: (line: string) => void
  /** How often the clock is looked at. */
  readonly tickMs: number
}

/** Runs scheduled rules on the cloud's clock. Of the runs that were missed while nothing ran, one is made up for. */
export function createScheduler({ accountId, region, rules, deliveries, ...options }: SchedulerOptions) {
  function run(rule: Rule, dueAtMs: number, nowMs: number): void {
    const event = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: accountId,
      time: formatEventTime(new Date(dueAtMs)),
      region,
      resources: [rule.arn],
      detail: {},
    } as const
    const next = parseSchedule(rule.scheduleExpression ?? '')(dueAtMs, nowMs)
    const { nextRunAtMs: _past, ...rest } = rule
    options.transaction(() => {
      deliveries.add(rule, event)
      rules.put({ ...rest, ...(next !== undefined && { nextRunAtMs: next }) })
    })
  }

  function tick(): void {
    const nowMs = options.clock().getTime()
    for (const rule of rules.due(nowMs)) {
      try {
        run(rule, rule.nextRunAtMs ?? nowMs, nowMs)
      } catch (error) {
        options.log(`scheduled rule ${rule.name}: ${(error as Error).message}`)
      }
    }
  }

  let timer: NodeJS.Timeout | undefined
  return {
    start(): void {
      tick()
      timer = setInterval(tick, options.tickMs).unref()
    },
    close: () => clearInterval(timer),
  }
}
