import { InvalidArgumentError } from 'commander'

/** A date, or a date and time that says its offset: without one it would mean something else on every machine. */
const time = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** ISO text in UTC of an ISO 8601 time; a date alone is its midnight in UTC. Throws InvalidArgumentError. */
export function parseTime(text: string): string {
  const milliseconds = time.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes February 30 for March 2.
  const isDay = new Date(`${text.slice(0, 10)}T00:00Z`).getUTCDate() === Number(text.slice(8, 10))
  if (!Number.isNaN(milliseconds) && isDay) return new Date(milliseconds).toISOString()
  throw new InvalidArgumentError('Give a UTC date or a time with its offset: 2026-03-01, 2026-03-01T08:30:00Z.')
}
