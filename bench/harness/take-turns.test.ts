import { expect, test } from 'vitest'
import { median, takeTurns } from './take-turns.ts'

test('contenders alternate, and the first round counts for nothing', async () => {
  const turns: string[] = []
  const readings = { ours: [1, 40, 20, 30], peer: [1000, 80, 10, 90] }
  const turn = (name: 'ours' | 'peer') => async () => {
    turns.push(name)
    return readings[name].shift() ?? 0
  }
  const { median, ratio } = await takeTurns({ ours: turn('ours'), peer: turn('peer') }, 3)
  expect(turns).toEqual(['ours', 'peer', 'ours', 'peer', 'ours', 'peer', 'ours', 'peer'])
  expect(median).toEqual({ ours: 30, peer: 80 })
  // The median of 80/40, 10/20 and 90/30, not 80/30.
  expect(ratio('peer', 'ours')).toBe(2)
})

test.each([
  [[3], 3],
  [[4, 1, 3], 3],
  [[4, 1, 3, 2], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})
