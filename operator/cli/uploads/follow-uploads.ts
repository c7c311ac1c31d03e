import type { Upload } from '#contract/upload-log-api.ts'

export interface Following {
  /** Rows from a time on, in any order, page by page. */
  readonly readFrom: (isoTime: string) => AsyncIterable<readonly Upload[]>
  readonly since: string
  /** Resolves when it is time to look again; false ends it. */
  readonly isDue: () => Promise<boolean>
  /** Told of each failure, and how many came in a row. Throws those that do not pass by themselves. */
  readonly pardon: (error: unknown, inRow: number) => Promise<void>
}

/** S3's events are seconds to over a minute late, and in no order (S3 user guide, "Event notifications"). */
const longestLateMs = 120_000
const usualLateMs = 10_000
/** Every round looks back as far as is usual, and every tenth as far as is possible. */
const roundsBetweenLooksBack = 10

/** Rows as they come, each once, those of one look in the order of their times. Remembers what it gave for two minutes of S3's time. */
export async function* followUploads({ readFrom, since, isDue, pardon }: Following): AsyncGenerator<readonly Upload[]> {
  const sinceMs = Date.parse(since)
  const given = new Map<string, number>()
  let newestMs = sinceMs
  let failuresInRow = 0
  for (let round = 0; ; round++) {
    const backMs = round % roundsBetweenLooksBack === 0 ? longestLateMs : usualLateMs
    const fresh: Upload[] = []
    try {
      for await (const rows of readFrom(new Date(Math.max(sinceMs, newestMs - backMs)).toISOString())) {
        fresh.push(...rows.filter((row) => !given.has(identify(row))))
      }
      failuresInRow = 0
      fresh.sort(byTime)
      for (const row of fresh) {
        const timeMs = Date.parse(row.eventTime)
        given.set(identify(row), timeMs)
        newestMs = Math.max(newestMs, timeMs)
      }
      for (const [id, timeMs] of given) if (timeMs < newestMs - longestLateMs) given.delete(id)
    } catch (error) {
      await pardon(error, ++failuresInRow)
      fresh.length = 0
    }
    if (fresh.length > 0) yield fresh
    if (!(await isDue())) return
  }
}

function identify({ key, event, versionId, sequencer, eventTime }: Upload): string {
  return [event, sequencer ?? eventTime, versionId, key].join(' ')
}

function byTime(a: Upload, b: Upload): number {
  if (a.eventTime !== b.eventTime) return Date.parse(a.eventTime) - Date.parse(b.eventTime)
  return (a.sequencer ?? '') < (b.sequencer ?? '') ? -1 : 1
}
