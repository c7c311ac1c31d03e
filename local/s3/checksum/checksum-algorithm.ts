import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { crcParameters } from './crc-parameters.ts'
import { createReflectedCrc, type UpdateCrc } from './reflected-crc.ts'

export const checksumAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number]

/** Bytes of each algorithm's value. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
}

/** The checksum of data that is all there: cheaper than a running one. */
export function computeChecksum(algorithm: ChecksumAlgorithm | 'MD5', bytes: Uint8Array): Buffer {
  if (algorithm === 'MD5' || algorithm === 'SHA1' || algorithm === 'SHA256') return hash(algorithm, bytes, 'buffer')
  const checksum = startChecksum(algorithm)
  checksum.update(bytes)
  return checksum.digest()
}

export interface RunningChecksum {
  update(bytes: Uint8Array): void
  digest(): Buffer
}

export function startChecksum(algorithm: ChecksumAlgorithm | 'MD5'): RunningChecksum {
  switch (algorithm) {
    case 'CRC32':
      return startCrc32()
    case 'CRC32C':
    case 'CRC64NVME':
      return startReflectedCrc(algorithm)
    default: {
      const hash = createHash(algorithm)
      return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() }
    }
  }
}

function startCrc32(): RunningChecksum {
  let crc = 0
  return {
    update(bytes) {
      crc = crc32(bytes, crc)
    },
    digest() {
      const value = Buffer.alloc(4)
      value.writeUInt32BE(crc)
      return value
    },
  }
}

const updates = new Map<string, UpdateCrc>()

function startReflectedCrc(algorithm: 'CRC32C' | 'CRC64NVME'): RunningChecksum {
  const { width, polynomial } = crcParameters[algorithm]
  const update = updates.get(algorithm) ?? createReflectedCrc(polynomial)
  updates.set(algorithm, update)
  const inverted = (1n << BigInt(width)) - 1n
  let register = inverted
  return {
    update(bytes) {
      register = update(register, bytes)
    },
    digest: () => Buffer.from((register ^ inverted).toString(16).padStart(width / 4, '0'), 'hex'),
  }
}

export function isChecksumAlgorithm(name: string): name is ChecksumAlgorithm {
  return (checksumAlgorithms as readonly string[]).includes(name)
}

/** The header that carries a value of the algorithm. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

/** The member of the API model (and the XML element) that carries it. */
export function checksumMember<A extends ChecksumAlgorithm>(algorithm: A): `Checksum${A}` {
  return `Checksum${algorithm}`
}
