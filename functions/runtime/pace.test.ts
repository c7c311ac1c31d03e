import { expect, test } from 'vitest'
import { createPace } from './pace.ts'

test('the first turn comes at once, and those after it no faster than the rate', async () => {
  const awaitTurn = createPace(50)
  const beginMs = performance.now()
  const turns = await Promise.all(
    Array.from({ length: 5 }, async () => {
      await awaitTurn()
      return performance.now() - beginMs
    }),
  )
  expect(turns[0]).toBeLessThan(20)
  // A timer may fire up to a millisecond early.
  for (const [index, turnMs] of turns.entries()) expect(turnMs).toBeGreaterThanOrEqual(index * 20 - 1)
})
