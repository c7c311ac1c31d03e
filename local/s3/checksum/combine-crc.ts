import { crcParameters } from './crc-parameters.ts'

/** A checksum whose value for a whole object follows from those of its parts. */
export type CombinableAlgorithm = keyof typeof crcParameters

export function isCombinable(algorithm: string): algorithm is CombinableAlgorithm {
  return algorithm in crcParameters
}

/** The CRC of the parts put together. Appending n bytes multiplies a CRC by x^8n; addition in GF(2) is XOR. */
export function combineCrcs(
  algorithm: CombinableAlgorithm,
  parts: readonly { readonly crc: Uint8Array; readonly size: number }[],
): Buffer {
  const { width, polynomial } = crcParameters[algorithm]
  let combined = 0n
  for (const { crc, size } of parts) {
    combined = multiply(combined, powerOfX(BigInt(size) * 8n, width, polynomial), width, polynomial)
    combined ^= BigInt(`0x${Buffer.from(crc).toString('hex')}`)
  }
  return Buffer.from(combined.toString(16).padStart(width / 4, '0'), 'hex')
}

/** In a reflected CRC the highest bit stands for x^0. */
function multiply(a: bigint, b: bigint, width: number, polynomial: bigint): bigint {
  let product = 0n
  let shifted = b
  for (let bit = BigInt(width - 1); bit >= 0n; bit--) {
    if ((a >> bit) & 1n) product ^= shifted
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n
  }
  return product
}

function powerOfX(exponent: bigint, width: number, polynomial: bigint): bigint {
  let power = 1n << BigInt(width - 1)
  let square = power >> 1n
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) power = multiply(power, square, width, polynomial)
    square = multiply(square, square, width, polynomial)
  }
  return power
}
