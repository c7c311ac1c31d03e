import { InvalidArgumentError } from 'commander'

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
const duration = /^(?:\d{1,9}[smhdw])+$/

/** Seconds of `90s`, `30m`, `2h`, `1d`, `1w` and of sums like `1h30m`. Throws InvalidArgumentError. */
export function parseDuration(text: string): number {
  const seconds = duration.test(text)
    ? Array.from(text.matchAll(/(\d+)([smhdw])/g), ([, count, unit]) => Number(count) * (secondsOf[unit ?? ''] ?? 0))
    : []
  const total = seconds.reduce((sum, part) => sum + part, 0)
  if (total > 0) return total
  throw new InvalidArgumentError('Give a number and a unit: 90s, 30m, 2h, 1d, 1w.')
}
