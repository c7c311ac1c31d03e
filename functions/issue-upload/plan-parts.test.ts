import fc from 'fast-check'
import { expect, test } from 'vitest'
import { maxSinglePutBytes, maxUploadBytes } from '#contract/upload-limits.ts'
import { choosePartBytes, countParts, sizeOfPart } from './plan-parts.ts'

test('the parts of any file are as S3 takes them, and together as large as it', () => {
  fc.assert(
    fc.property(fc.integer({ min: maxSinglePutBytes + 1, max: maxUploadBytes }), (sizeBytes) => {
      const plan = { sizeBytes, partBytes: choosePartBytes(sizeBytes) }
      const count = countParts(plan)
      expect(count).toBeLessThanOrEqual(10_000)
      expect(plan.partBytes).toBeGreaterThanOrEqual(5 * 1024 * 1024)
      expect(plan.partBytes).toBeLessThanOrEqual(5 * 1024 ** 3)
      const last = sizeOfPart(count, plan)
      expect(last).toBeGreaterThan(0)
      expect(sizeOfPart(1, plan)).toBe(plan.partBytes)
      expect((count - 1) * plan.partBytes + last).toBe(sizeBytes)
    }),
  )
})
