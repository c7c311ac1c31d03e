import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OperatorError } from '../operator-error.ts'
import type { Outcome } from '../output/progress.ts'
import { describeFailures, runBatch } from './run-batch.ts'

const items = Array.from({ length: 100 }, (_, index) => index)

function watchProgress() {
  const settled: Outcome[] = []
  return { settled, settle: async (outcome: Outcome) => void settled.push(outcome), end: async () => {} }
}

test('works on so many at once and no more, and one failure stops none', async () => {
  let running = 0
  let most = 0
  const progress = watchProgress()
  const result = await runBatch(
    items,
    async (item) => {
      most = Math.max(most, ++running)
      await turn()
      running--
      if (item === 7) throw new OperatorError('THING_HELD', 'is held', { hint: 'ask' })
      return item < 5 ? 'there' : 'made'
    },
    { jobs: 4, progress },
  )
  expect(most).toBe(4)
  expect(result).toMatchObject({ made: 94, there: 5, left: 0 })
  expect(progress.settled).toHaveLength(100)
  expect(describeFailures(result, (item) => `item ${item}`)).toEqual(['item 7: THING_HELD: is held (ask)'])
})

test('stops where each would fail alike', async () => {
  const denied = await runBatch(
    items,
    async () => {
      await turn()
      throw new OperatorError('ACCESS_DENIED', 'no')
    },
    { jobs: 4, progress: watchProgress() },
  )
  expect(denied.failures).toHaveLength(4)
  expect(denied.left).toBe(96)
  expect(describeFailures(denied, String).at(-1)).toMatch(/^96 not begun/)
})

test('stops when nothing is reached any more, but not for one request that is lost', async () => {
  const result = await runBatch(
    items,
    async (item) => {
      if (item === 3 || item >= 50) throw new OperatorError('API_UNREACHABLE', 'gone')
      return 'made'
    },
    { jobs: 4, progress: watchProgress() },
  )
  expect(result).toMatchObject({ made: 49, left: 46 })
})

test('what nobody foresaw is not counted but thrown', async () => {
  const work = async () => {
    throw new TypeError('a bug')
  }
  await expect(runBatch(items, work, { jobs: 2, progress: watchProgress() })).rejects.toThrow('a bug')
})
