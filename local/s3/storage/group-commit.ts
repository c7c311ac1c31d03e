import type { Store } from '#local/store.ts'

/** A change of the database; what it gives to `onCommit` runs once the change stands. */
export type Change<R> = (onCommit: (effect: () => void) => void) => R

/** Runs changes one after the other, and commits those that came together as one: a commit costs more than a change. */
export type Commit = <R>(change: Change<R>) => Promise<R>

interface Waiting {
  run(): () => void
  reject(error: unknown): void
}

export function createGroupCommit({ database, transaction }: Store): Commit {
  const savepoint = database.prepare('SAVEPOINT change')
  const release = database.prepare('RELEASE change')
  const rollback = database.prepare('ROLLBACK TO change')
  let waiting: Waiting[] = []

  function flush(): void {
    const batch = waiting
    waiting = []
    try {
      const settlements = transaction(() => batch.map(({ run }) => run()))
      for (const settle of settlements) settle()
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  return <R>(change: Change<R>) =>
    new Promise<R>((resolve, reject) => {
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
      if (waiting.length === 1) setImmediate(flush)
    })
}
