import type { DatabaseSync } from 'node:sqlite'

/** Numbers are microseconds, so that they grow even when the clock stands still for a thousand changes. */
const perMillisecond = 1000
/** Numbers reserved ahead in the database: one write for about a second's worth. */
const reservation = 1_000_000

/**
 * Growing numbers that follow the clock. A restart goes on above what was reserved, so numbers grow even when the
 * clock was set back in between.
 */
export function createSequence(database: DatabaseSync, clock: () => Date): () => number {
  database.exec(
    'CREATE TABLE IF NOT EXISTS sequence (id INTEGER PRIMARY KEY CHECK (id = 1), reserved INTEGER NOT NULL)',
  )
  const row = database.prepare('SELECT reserved FROM sequence').get() as { reserved: number } | undefined
  const reserve = database.prepare('INSERT OR REPLACE INTO sequence VALUES (1, ?)')
  let reserved = row?.reserved ?? 0
  let last = reserved

  return () => {
    last = Math.max(last + 1, clock().getTime() * perMillisecond)
    if (last > reserved) {
      reserved = last + reservation
      reserve.run(reserved)
    }
    return last
  }
}
