import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseSchedule } from './schedule.ts'

const now = Date.parse('2026-02-27T10:15:30Z')

function nextRuns(expression: string, count: number): string[] {
  const schedule = parseSchedule(expression)
  const runs: string[] = []
  for (let at: number | undefined = now; runs.length < count; ) {
    at = schedule(now, at ?? 0)
    if (at === undefined) break
    runs.push(new Date(at).toISOString().slice(0, 16))
  }
  return runs
}

test.each([
  ['rate(1 minute)', ['2026-02-27T10:16', '2026-02-27T10:17']],
  ['rate(5 hours)', ['2026-02-27T15:15']],
  ['rate(2 days)', ['2026-03-01T10:15']],
  ['cron(0 12 * * ? *)', ['2026-02-27T12:00', '2026-02-28T12:00', '2026-03-01T12:00']],
  ['cron(15 10 ? * MON-FRI *)', ['2026-03-02T10:15', '2026-03-03T10:15']],
  ['cron(0/20 10-11 * * ? *)', ['2026-02-27T10:20', '2026-02-27T10:40', '2026-02-27T11:00', '2026-02-27T11:20']],
  ['cron(5,50 8,10 * * ? *)', ['2026-02-27T10:50', '2026-02-28T08:05']],
  ['cron(0 0 L * ? *)', ['2026-02-28T00:00', '2026-03-31T00:00']],
  ['cron(0 0 29 2 ? *)', ['2028-02-29T00:00', '2032-02-29T00:00']],
  // The 15th of March 2026 is a Sunday, the 1st too.
  ['cron(0 0 15W MAR ? 2026)', ['2026-03-16T00:00']],
  ['cron(0 0 1W MAR ? 2026)', ['2026-03-02T00:00']],
  ['cron(0 0 ? * 6#1 *)', ['2026-03-06T00:00', '2026-04-03T00:00']],
  ['cron(0 0 ? * 6L *)', ['2026-03-27T00:00']],
  ['cron(0 0 ? * THUL *)', ['2026-03-26T00:00']],
  ['cron(0 0 ? * L *)', ['2026-02-28T00:00']],
  ['cron(0 0 1 1 ? 2027/2)', ['2027-01-01T00:00', '2029-01-01T00:00']],
])('%s runs at %j', (expression, expected) => {
  expect(nextRuns(expression, expected.length)).toEqual(expected)
})

test('a schedule that has no run any more', () => {
  expect(nextRuns('cron(0 0 1 1 ? 2020)', 1)).toEqual([])
  expect(nextRuns('cron(0 0 30 2 ? *)', 1)).toEqual([])
})

test.each([
  ...['', 'rate()', 'rate(0 minutes)', 'rate(1 minutes)', 'rate(5 minute)', 'rate(5 seconds)', 'rate(1.5 hours)'],
  ...[
    'cron()',
    'cron(* * * * *)',
    'cron(0 0 * * * *)',
    'cron(0 0 ? * ? *)',
    'cron(60 0 * * ? *)',
    'cron(0 24 * * ? *)',
  ],
  ...['cron(0 0 0 * ? *)', 'cron(0 0 * 13 ? *)', 'cron(0 0 ? * 8 *)', 'cron(0 0 * * ? 1969)', 'cron(5-1 0 * * ? *)'],
  ...[
    'cron(0/0 0 * * ? *)',
    'cron(0 0 ? * 6#6 *)',
    'cron(? 0 * * ? *)',
    'cron(0 0 32W * ? *)',
    'at(2026-01-01T00:00:00)',
  ],
])('%s is refused', (expression) => {
  expect(() => parseSchedule(expression)).toThrow('Parameter ScheduleExpression is not valid.')
})

test('a rate keeps its phase whenever it is asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 500 }), fc.nat(1e9), (count, laterMs) => {
      const next = parseSchedule(`rate(${count} minutes)`)(now, now + laterMs) ?? 0
      expect((next - now) % (count * 60_000)).toBe(0)
      expect(next - (now + laterMs)).toBeGreaterThan(0)
      expect(next - (now + laterMs)).toBeLessThanOrEqual(count * 60_000)
    }),
  )
})
