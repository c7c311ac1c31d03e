import { describe, expect, test } from 'vitest'
import { type Clients, createCrashingClients, Killed } from './crashing-clients.ts'
import type { TestCloud } from './test-cloud.ts'

interface CrashSeries<Subject> {
  readonly cloud: () => TestCloud
  /** The calls to AWS that a run makes, in order: each has a test in which it is the last. */
  readonly calls: readonly string[]
  /** Whether there is a test for a call that only reads, too. */
  readonly afterReads?: boolean
  /** How many of the first calls go out at once: they count as one. */
  readonly together?: number
  /** Makes what one run is about, of a thing of its own. */
  readonly prepare: (thingName: string) => Promise<Subject>
  readonly run: (clients: Clients, subject: Subject) => Promise<unknown>
  /** The run after one that was killed; the same when not given. */
  readonly runAgain?: (clients: Clients, subject: Subject) => Promise<unknown>
  /** What holds once a run has come through. */
  readonly check: (subject: Subject) => Promise<void>
}

/** A run that dies after a read leaves what it would leave after the call before. */
const isRead = (call: string) => /^(Get|List|Describe|Query)/.test(call)

/**
 * A test for each call of a function's run that changes something: it is killed when that call has taken effect and before its answer is there,
 * then run again, and everything must be as if it had not been killed. And one that there are no other calls.
 */
export function crashAtEachCall<Subject>(name: string, series: CrashSeries<Subject>): void {
  const { cloud, calls, afterReads = false, together = 1, prepare, run, runAgain, check } = series
  const deaths = calls
    .map((call, index) => ({ call, number: index + 1 }))
    .slice(together - 1)
    .filter(({ call }) => afterReads || !isRead(call))
  const things = name.replaceAll(/\W+/g, '-')

  describe(name, () => {
    test.each(deaths)('killed after call $number, $call', async ({ number }) => {
      const subject = await prepare(`${things}-${number}`)
      const clients = createCrashingClients(cloud(), number)
      await expect(run(clients, subject)).rejects.toThrow(Killed)
      expect(clients.answered).toEqual(calls.slice(0, number))
      await (runAgain ?? run)(createCrashingClients(cloud()), subject)
      await check(subject)
    })

    test('not killed', async () => {
      const subject = await prepare(things)
      const clients = createCrashingClients(cloud())
      await run(clients, subject)
      expect(clients.answered).toEqual(calls)
      await runAgain?.(createCrashingClients(cloud()), subject)
      await check(subject)
    })
  })
}
