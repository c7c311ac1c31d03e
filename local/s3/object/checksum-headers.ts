import { checksumHeader } from '../checksum/checksum-algorithm.ts'
import type { Checksum } from '../storage/object-version.ts'

export function checksumHeaders({ algorithm, type, value }: Checksum): Record<string, string> {
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type }
}
