import type { Store } from '#local/store.ts'

/** A change of the database; what it gives to `onCommit` runs once the change stands. */
type Change<R> = (onCommit: (effect: () => void) => void) => R

/** Runs changes one after the other, and commits those that came together as one: a commit costs more than a change. */
export interface GroupCommit {
  commit<R>(change: Change<R>): Promise<R>
  /** For a change that may be lost in a crash: it waits for others to come along, and for a moment at most. */
  commitLater(change: Change<void>): void
  /** Commits what waits. */
  flush(): void
}

interface Waiting {
  run(): () => void
  reject(error: unknown): void
}

const longestWaitMs = 100

export interface GroupCommitOptions {
  /** The last step of each transaction, which it fails with. */
  beforeCommit(): void
  log(line: string): void
}

export function createGroupCommit(
  { database, transaction }: Store,
  { beforeCommit, log }: GroupCommitOptions,
): GroupCommit {
  const savepoint = database.prepare('SAVEPOINT change')
  const release = database.prepare('RELEASE change')
  const rollback = database.prepare('ROLLBACK TO change')
  let waiting: Waiting[] = []
  let isScheduled = false
  let timer: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    isScheduled = false
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    try {
      const settlements = transaction(() => {
        const outcomes = batch.map(({ run }) => run())
        beforeCommit()
        return outcomes
      })
      for (const settle of settlements) settle()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  function add<R>(change: Change<R>, resolve: (result: R) => void, reject: (error: unknown) => void): void {
    /** One change that fails leaves nothing behind, and does not concern the others. */
    function run(): () => void {
      const effects: (() => void)[] = []
      savepoint.run()
      try {
        const result = change((effect) => effects.push(effect))
        release.run()
        return () => {
          for (const effect of effects) effect()
          resolve(result)
        }
      } catch (error) {
        rollback.run()
        release.run()
        return () => reject(error)
      }
    }
    waiting.push({ run, reject })
  }

  return {
    flush,
    commit: (change) =>
      new Promise((resolve, reject) => {
        add(change, resolve, reject)
        if (!isScheduled) setImmediate(flush)
        isScheduled = true
      }),
    commitLater(change) {
      add(
        change,
        () => {},
        (error) => log(`S3 could not commit: ${error}`),
      )
      timer ??= setTimeout(flush, longestWaitMs)
    },
  }
}
