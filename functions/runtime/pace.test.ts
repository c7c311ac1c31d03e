import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

test('the first turn comes at once, and those after it no faster than the rate', async () => {
  let nowMs = 1000
  const waits: number[] = []
  const awaitTurn = createPace(50, { nowMs: () => nowMs, wait: async (ms) => waits.push(ms) })
  for (let turn = 0; turn < 4; turn++) await awaitTurn()
  expect(waits).toEqual([20, 40, 60])
  nowMs += 500
  await awaitTurn()
  expect(waits, 'nothing is saved up in a pause').toHaveLength(3)
  await awaitTurn()
  expect(waits.at(-1)).toBe(20)
})
