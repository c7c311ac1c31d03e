import { OperatorError } from '../operator-error.ts'
import type { Progress } from '../output/progress.ts'

interface BatchFailure<Item> {
  readonly item: Item
  readonly error: OperatorError
}

export interface BatchResult<Item> {
  readonly made: number
  /** Made by an earlier run. */
  readonly there: number
  readonly failures: readonly BatchFailure<Item>[]
  /** Not begun, because what stopped one would have stopped each. */
  readonly left: number
}

interface BatchOptions {
  /** How many at once. */
  readonly jobs: number
  readonly progress: Progress
}

/** What one meets, every other will. */
const stopping = ['ACCESS_DENIED', 'CLOCK_SKEWED', 'CREDENTIALS_UNUSABLE', 'FILE_UNWRITABLE']
/** What may be one's alone, and is not when it comes again and again. */
const ominous = ['API_UNREACHABLE', 'API_FAILED', 'API_ANSWER_INVALID']

/**
 * Works on many items, some at once. An item that fails with an OperatorError does not stop the others, unless they
 * would all fail alike: for its code, or because the API failed as often in a row as there are jobs.
 */
export async function runBatch<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<'made' | 'there'>,
  { jobs, progress }: BatchOptions,
): Promise<BatchResult<Item>> {
  const count = { made: 0, there: 0 }
  const failures: BatchFailure<Item>[] = []
  let ominousInARow = 0
  let stopped = false
  const remaining = items.values()

  const fail = async (item: Item, error: OperatorError) => {
    failures.push({ item, error })
    ominousInARow = ominous.includes(error.code) ? ominousInARow + 1 : 0
    stopped ||= stopping.includes(error.code) || ominousInARow >= jobs
    await progress.settle('failed')
  }
  const worker = async () => {
    // The workers share one iterator.
    for (const item of remaining) {
      try {
        const outcome = await work(item)
        count[outcome]++
        ominousInARow = 0
        await progress.settle(outcome)
      } catch (error) {
        if (!(error instanceof OperatorError)) {
          stopped = true
          throw error
        }
        await fail(item, error)
      }
      if (stopped) return
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker)).finally(() => progress.end())
  return { ...count, failures, left: items.length - count.made - count.there - failures.length }
}

/** `press-4: THING_HELD: press-4 is held by … (--replace …)` for each. */
export function describeFailures<Item>(
  { failures, left }: BatchResult<Item>,
  nameOf: (item: Item) => string,
): readonly string[] {
  const lines = failures.map(({ item, error: { code, message, hint } }) => {
    return `${nameOf(item)}: ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`
  })
  return left === 0 ? lines : [...lines, `${left} not begun: they would have met the same`]
}
