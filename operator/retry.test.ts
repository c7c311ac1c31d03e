import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideRetry, type FailedAttempt } from './retry.ts'

const failedAttempts: fc.Arbitrary<FailedAttempt> = fc.record(
  {
    method: fc.constantFrom('GET', 'POST'),
    isRepeatable: fc.boolean(),
    attempt: fc.integer({ min: 1, max: 20 }),
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    status: fc.constantFrom(400, 403, 404, 429, 500, 502, 503, 504),
    networkCode: fc.constantFrom('ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'CERT_HAS_EXPIRED', 'TimeoutError'),
    retryAfterSeconds: fc.integer({ min: 0, max: 60 }),
  },
  { requiredKeys: ['method', 'attempt'] },
)

test('every wait is bounded, and no shorter than the API asked for', () => {
  fc.assert(
    fc.property(failedAttempts, fc.double({ min: 0, max: 0.999, noNaN: true }), (failed, random) => {
      const delayMs = decideRetry(failed, () => random)
      if (delayMs === undefined) return
      expect(failed.attempt).toBeLessThan(failed.maxAttempts ?? 4)
      expect(delayMs).toBeLessThanOrEqual(20_000)
      expect(delayMs).toBeGreaterThanOrEqual((failed.retryAfterSeconds ?? 0) * 1000)
    }),
  )
})

test('a POST goes again only when it cannot have been done', () => {
  const again = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'UND_ERR_SOCKET', 'TimeoutError', undefined].filter(
    (networkCode) => decideRetry({ method: 'POST', attempt: 1, networkCode }, () => 0) !== undefined,
  )
  expect(again).toEqual(['ECONNREFUSED'])
})

test('a POST that may be done twice goes again when its answer was lost', () => {
  const lost = [{ status: 504 }, { networkCode: 'ECONNRESET' }]
  for (const failure of lost) {
    const failed = { method: 'POST', isRepeatable: true, attempt: 1, ...failure }
    expect(decideRetry(failed, () => 0)).toBe(0)
  }
})

test('what stays wrong is not tried again', () => {
  const failures = [
    { status: 400 },
    { status: 403 },
    { status: 500 },
    { networkCode: 'ENOTFOUND' },
    { networkCode: 'CERT_HAS_EXPIRED' },
  ]
  for (const failure of failures)
    expect(decideRetry({ method: 'GET', attempt: 1, ...failure }, () => 0)).toBeUndefined()
})
