import { InvalidArgumentError } from 'commander'
import { parseTime } from './parse-time.ts'

/** A UTC day, `YYYY-MM-DD`. Throws InvalidArgumentError. */
export function parseDay(text: string): string {
  if (text.length === 10) return parseTime(text).slice(0, 10)
  throw new InvalidArgumentError('Give a UTC day: 2026-03-01.')
}
