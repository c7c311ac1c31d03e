import { expect, test } from 'vitest'
import { runConcurrently } from './run-concurrently.ts'

test('does every item once, in order, on at most so many at a time', async () => {
  const begun: number[] = []
  let running = 0
  let most = 0
  await runConcurrently([0, 1, 2, 3, 4, 5, 6], 3, async (item) => {
    begun.push(item)
    most = Math.max(most, ++running)
    await new Promise(setImmediate)
    running--
  })
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(most).toBe(3)
})

test('starts nothing after a failure', async () => {
  const begun: number[] = []
  const work = async (item: number) => {
    begun.push(item)
    await new Promise(setImmediate)
    if (item === 0) throw new Error('broken')
  }
  await expect(runConcurrently([0, 1, 2, 3, 4], 2, work)).rejects.toThrow('broken')
  await new Promise(setImmediate)
  expect(begun).toEqual([0, 1])
})
