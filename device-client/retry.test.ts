import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DeviceFault } from './device-fault.ts'
import { backoffMs, retry } from './retry.ts'
import { systemRuntime } from './runtime.ts'

const lost = new DeviceFault('CONNECTION_LOST', 'gone')

/** A runtime whose time passes only in waits. */
function createFakeTime(random: () => number) {
  let now = 0
  const wait = async (ms: number) => {
    now += ms
  }
  return { runtime: { ...systemRuntime, random, monotonicMs: () => now, wait }, now: () => now }
}

test('waits between nothing and the doubled base, at most a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, baseMs, chance) => {
        const ms = backoffMs(failures, baseMs, () => chance)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(Math.min(60_000, baseMs * 2 ** (failures - 1)))
      },
    ),
  )
})

test('tries again until it succeeds, and tells each wait', async () => {
  const { runtime } = createFakeTime(() => 1)
  const waits: number[] = []
  const attempt = async (number: number) => {
    if (number < 4) throw lost
    return number
  }
  const onRetry = (_: unknown, ms: number) => waits.push(ms)
  expect(await retry(attempt, runtime, { baseMs: 100, timeoutMs: 10_000, onRetry })).toBe(4)
  expect(waits).toEqual([100, 200, 400])
})

test('begins no attempt after the time is up, and throws the last error', async () => {
  const { runtime, now } = createFakeTime(() => 1)
  let attempts = 0
  const attempt = async () => {
    attempts++
    throw lost
  }
  await expect(retry(attempt, runtime, { baseMs: 1000, timeoutMs: 10_000 })).rejects.toBe(lost)
  expect(attempts).toBe(4)
  expect(now()).toBe(7000)
})

test.each([new DeviceFault('UPLOAD_DENIED', 'no'), new TypeError('a mistake')])(
  'gives up at once on %s',
  async (error) => {
    let attempts = 0
    const attempt = async () => {
      attempts++
      throw error
    }
    await expect(retry(attempt, systemRuntime, { baseMs: 1, timeoutMs: 1000 })).rejects.toBe(error)
    expect(attempts).toBe(1)
  },
)

test('an abort ends a wait', async () => {
  const controller = new AbortController()
  const attempt = async () => {
    throw lost
  }
  const options = { baseMs: 60_000, timeoutMs: 3_600_000, signal: controller.signal, onRetry: () => controller.abort() }
  await expect(retry(attempt, { ...systemRuntime, random: () => 1 }, options)).rejects.toThrow('aborted')
})
