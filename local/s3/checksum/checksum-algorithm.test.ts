import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumAlgorithms, computeChecksum, startChecksum } from './checksum-algorithm.ts'
import { combineCrcs } from './combine-crc.ts'

// The check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue) and of FIPS 180-4 for "123456789".
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as const)('%s has its check value', (algorithm, hex) => {
  expect(computeChecksum(algorithm, Buffer.from('123456789')).toString('hex')).toBe(hex)
})

const pieces = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 })

test('a checksum does not depend on how its data is cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...checksumAlgorithms), pieces, (algorithm, cut) => {
      const running = startChecksum(algorithm)
      for (const piece of cut) running.update(piece)
      expect(running.digest()).toEqual(computeChecksum(algorithm, Buffer.concat(cut)))
    }),
  )
})

test('CRCs of parts combine to the CRC of the whole', () => {
  fc.assert(
    fc.property(fc.constantFrom('CRC32', 'CRC32C', 'CRC64NVME'), pieces, (algorithm, parts) => {
      const crcs = parts.map((part) => ({ crc: computeChecksum(algorithm, part), size: part.length }))
      const whole = computeChecksum(algorithm, Buffer.concat(parts))
      expect(combineCrcs(algorithm, crcs)).toEqual(whole)
    }),
  )
})

test('a CRC of more than is taken at once is that of its halves', () => {
  const whole = Buffer.from(Array.from({ length: 150_001 }, (_, index) => (index * 7919) >> 5))
  const halves = [whole.subarray(0, 70_003), whole.subarray(70_003)]
  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
    const crcs = halves.map((half) => ({ crc: computeChecksum(algorithm, half), size: half.length }))
    expect(combineCrcs(algorithm, crcs)).toEqual(computeChecksum(algorithm, whole))
  }
})
