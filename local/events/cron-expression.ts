interface Field {
  readonly lowest: number
  readonly highest: number
  /** What the lowest value, and those after it, are called. */
  readonly names?: readonly string[]
}

const fields = {
  minute: { lowest: 0, highest: 59 },
  hour: { lowest: 0, highest: 23 },
  dayOfMonth: { lowest: 1, highest: 31 },
  month: {
    lowest: 1,
    highest: 12,
    names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  dayOfWeek: { lowest: 1, highest: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
  year: { lowest: 1970, highest: 2199 },
} satisfies Record<string, Field>

/** Whether a date, at midnight UTC, is one of the days. */
type DayTest = (date: Date) => boolean

const dayMs = 86_400_000

/**
 * Reads the six fields of `cron(…)`, in UTC, and returns what finds the first run after a moment; undefined when it is no
 * cron expression. Exactly one of the two day fields is `?`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
 */
export function parseCron(text: string): ((afterMs: number) => number | undefined) | undefined {
  const [minute, hour, dayOfMonth, month, dayOfWeek, year, ...others] = text.trim().split(/\s+/)
  if (year === undefined || others.length > 0) return undefined
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) return undefined
  const minutes = parseValues(minute, fields.minute)
  const hours = parseValues(hour, fields.hour)
  const months = parseValues(month, fields.month)
  const years = parseValues(year, fields.year)
  const isDay = dayOfWeek === '?' ? parseDaysOfMonth(dayOfMonth) : parseDaysOfWeek(dayOfWeek)
  if (!minutes || !hours || !months || !years || !isDay) return undefined
  const isRunDay: DayTest = (date) =>
    years.has(date.getUTCFullYear()) && months.has(date.getUTCMonth() + 1) && isDay(date)
  const timesMs = [...hours]
    .flatMap((h) => [...minutes].map((m) => (h * 60 + m) * 60_000))
    .toSorted((left, right) => left - right)

  return (afterMs) => {
    const first = new Date(afterMs).setUTCHours(0, 0, 0, 0)
    for (
      let day = new Date(first);
      day.getUTCFullYear() <= fields.year.highest;
      day = new Date(day.getTime() + dayMs)
    ) {
      if (!isRunDay(day)) continue
      const time = timesMs.find((timeMs) => day.getTime() + timeMs > afterMs)
      if (time !== undefined) return day.getTime() + time
    }
    return undefined
  }
}

/** `*`, `5`, `MON-FRI`, `0/15`, `10-20/5`, and lists of these. */
function parseValues(text: string | undefined, field: Field): ReadonlySet<number> | undefined {
  const values = new Set<number>()
  for (const part of text?.split(',') ?? []) {
    const [, range = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? []
    const [from = '', to, ...others] = range.split('-')
    const lowest = from === '*' && to === undefined ? field.lowest : parseValue(from, field)
    const openEnd = from === '*' || step !== undefined ? field.highest : lowest
    const highest = to === undefined ? openEnd : parseValue(to, field)
    const stride = step === undefined ? 1 : Number(step)
    if (lowest === undefined || highest === undefined || lowest > highest || stride < 1 || others.length > 0) {
      return undefined
    }
    for (let value = lowest; value <= highest; value += stride) values.add(value)
  }
  return values.size > 0 ? values : undefined
}

function parseValue(text: string, { lowest, highest, names = [] }: Field): number | undefined {
  const named = names.indexOf(text.toUpperCase())
  const value = named >= 0 ? named + lowest : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  return value >= lowest && value <= highest ? value : undefined
}

/** Besides values: `L`, the last day of the month, and `15W`, the weekday of the month that is nearest to the 15th. */
function parseDaysOfMonth(text = ''): DayTest | undefined {
  if (text === 'L') return (date) => date.getUTCDate() === lastDayOf(date)
  const near = /^(\d{1,2})W$/.exec(text)?.[1]
  if (near !== undefined) {
    const wanted = parseValue(near, fields.dayOfMonth)
    return wanted === undefined ? undefined : (date) => date.getUTCDate() === nearestWeekday(date, wanted)
  }
  const values = parseValues(text, fields.dayOfMonth)
  return values && ((date) => values.has(date.getUTCDate()))
}

/** Besides values: `6#3`, the third Friday of the month, `6L`, its last Friday, and `L`, Saturday. */
function parseDaysOfWeek(text = ''): DayTest | undefined {
  const [, name = '', nth] = /^(\w+)#([1-5])$/.exec(text) ?? /^(\d|\w{3})(L)$/.exec(text) ?? []
  if (nth !== undefined) {
    const wanted = parseValue(name, fields.dayOfWeek)
    if (wanted === undefined) return undefined
    const isNth = (date: Date) =>
      nth === 'L' ? date.getUTCDate() > lastDayOf(date) - 7 : Math.ceil(date.getUTCDate() / 7) === Number(nth)
    return (date) => date.getUTCDay() + 1 === wanted && isNth(date)
  }
  const values = text === 'L' ? new Set([7]) : parseValues(text, fields.dayOfWeek)
  return values && ((date) => values.has(date.getUTCDay() + 1))
}

function lastDayOf(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}

/** It does not leave the month: the nearest weekday to Sunday the 1st is Monday the 2nd, to Saturday the 1st Monday the 3rd. */
function nearestWeekday(date: Date, wanted: number): number {
  const last = lastDayOf(date)
  const day = Math.min(wanted, last)
  const weekday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), day)).getUTCDay()
  if (weekday === 6) return day === 1 ? 3 : day - 1
  if (weekday === 0) return day === last ? day - 2 : day + 1
  return day
}
