import type { BandwidthLimit } from '../limit-bandwidth.ts'
import { parseSize } from './parse-size.ts'
import { UsageError } from './usage-error.ts'

interface Slot {
  /** Since Sunday, 00:00. */
  readonly minute: number
  readonly bytesPerSecond: number | undefined
}

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const minutesPerDay = 24 * 60

/**
 * A rate of bytes per second such as 512k, `off`, or a timetable of them: `08:00,512k 18:00,off`, by the day of the week too
 * (`Mon-08:00,512k Sat-00:00,off`). Each holds until the next one, in this machine's time zone. Throws UsageError.
 */
export function parseBandwidth(text: string | undefined): BandwidthLimit {
  if (text === undefined || text.trim() === '') return () => undefined
  const entries = text.trim().split(/\s+/)
  const [only] = entries
  if (only !== undefined && entries.length === 1 && !only.includes(',')) {
    const bytesPerSecond = parseRate(only)
    return () => bytesPerSecond
  }
  const slots = entries.flatMap(parseSlots).sort((one, other) => one.minute - other.minute)
  return (now) => {
    const minute = now.getDay() * minutesPerDay + now.getHours() * 60 + now.getMinutes()
    // Before the first of the week, the last one of the week before holds.
    return (slots.findLast((slot) => slot.minute <= minute) ?? slots.at(-1))?.bytesPerSecond
  }
}

function parseSlots(entry: string): Slot[] {
  const [, day, hours, minutes, rate] = /^(?:([a-z]{3})-)?(\d\d?):(\d\d),(.+)$/i.exec(entry) ?? []
  const index = day === undefined ? undefined : days.indexOf(day.toLowerCase())
  const minute = Number(hours) * 60 + Number(minutes)
  if (rate === undefined || index === -1 || !(Number(hours) < 24 && Number(minutes) < 60)) throw refusal(entry)
  const bytesPerSecond = parseRate(rate)
  const starts = index === undefined ? days.map((_, at) => at) : [index]
  return starts.map((at) => ({ minute: at * minutesPerDay + minute, bytesPerSecond }))
}

function parseRate(text: string): number | undefined {
  if (text.toLowerCase() === 'off') return undefined
  const bytes = parseSize(text)
  if (bytes !== undefined && bytes >= 1000) return bytes
  throw refusal(text)
}

function refusal(text: string): UsageError {
  return new UsageError(
    `--bwlimit takes bytes per second (at least 1k) such as 512k, off, or a timetable such as "08:00,512k 18:00,off", not ${JSON.stringify(text)}`,
  )
}
