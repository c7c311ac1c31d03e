import { InvalidArgumentError } from 'commander'
import { parseDuration } from './parse-duration.ts'
import { parseTime } from './parse-time.ts'

/** A time, given itself or by how long ago it is. */
export type When = { readonly isoTime: string } | { readonly agoSeconds: number }

/** `2h` is two hours ago; else as parseTime. Throws InvalidArgumentError. */
export function parseWhen(text: string): When {
  try {
    return /^\d+[smhdw]/.test(text) ? { agoSeconds: parseDuration(text) } : { isoTime: parseTime(text) }
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error
    throw new InvalidArgumentError(
      'Give how long ago (90s, 30m, 2h, 1d), a UTC date (2026-03-01) or a time with its offset (2026-03-01T08:30:00Z).',
    )
  }
}

/** ISO text in UTC. */
export function timeOf(when: When, now: Date): string {
  return 'isoTime' in when ? when.isoTime : new Date(now.getTime() - when.agoSeconds * 1000).toISOString()
}
