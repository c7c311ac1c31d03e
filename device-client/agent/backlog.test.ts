import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBacklog, type PendingFile } from './backlog.ts'

const fileAt = (path: string, mtimeMs: number, readyAtMs = 0, sizeBytes = 1): PendingFile => {
  return { path, storedPath: path, identity: `${mtimeMs}`, sizeBytes, mtimeMs, readyAtMs }
}

test('gives the oldest that are ready first, and keeps the others', () => {
  const backlog = createBacklog(10)
  backlog.put(fileAt('c', 3))
  backlog.put(fileAt('a', 1, 50))
  backlog.put(fileAt('b', 2))
  expect(backlog.nextReadyAtMs()).toBe(0)
  expect(backlog.take(5, 10).map(({ path }) => path)).toEqual(['b', 'c'])
  expect(backlog.nextReadyAtMs()).toBe(50)
  expect(backlog.take(5, 50).map(({ path }) => path)).toEqual(['a'])
  expect(backlog.nextReadyAtMs()).toBeUndefined()
})

test('lets the newest go above twice its limit, and says that it did', () => {
  const backlog = createBacklog(4)
  for (let index = 9; index > 0; index--) backlog.put(fileAt(`${index}`, index))
  expect(backlog.files()).toBe(4)
  expect(backlog.isIncomplete()).toBe(true)
  expect(backlog.take(9, 0).map(({ path }) => path)).toEqual(['1', '2', '3', '4'])
  expect(backlog.bytes()).toBe(0)
})

test('holds each path once, counts its bytes, and loses none', () => {
  const put = fc.record({ path: fc.constantFrom('a', 'b', 'c', 'd'), mtimeMs: fc.nat(9), sizeBytes: fc.nat(9) })
  const step = fc.oneof(put, fc.constant('take' as const), fc.constant('oldest' as const))
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const backlog = createBacklog(10)
      const model = new Map<string, { mtimeMs: number; sizeBytes: number }>()
      const oldest = () => Math.min(...[...model.values()].map(({ mtimeMs }) => mtimeMs))
      for (const one of steps) {
        if (typeof one === 'object') {
          backlog.put(fileAt(one.path, one.mtimeMs, 0, one.sizeBytes))
          model.set(one.path, one)
        } else {
          const expected = oldest()
          const [taken] = one === 'take' ? backlog.take(1, 0) : [backlog.takeOldest()]
          expect(taken === undefined).toBe(model.size === 0)
          if (taken !== undefined) expect(taken.mtimeMs).toBe(expected)
          model.delete(taken?.path ?? '')
        }
        expect(backlog.files()).toBe(model.size)
        expect(backlog.bytes()).toBe([...model.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
      }
    }),
  )
})
