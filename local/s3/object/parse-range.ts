import { s3Error } from '../s3-error.ts'

export interface ByteRange {
  readonly start: number
  /** Not included. */
  readonly end: number
}

/**
 * Reads a Range header; undefined stands for the whole object. S3 serves one range of bytes: several ranges, other units
 * and malformed headers get the whole object (RFC 9110, section 14.2).
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = /^bytes=(?<first>\d*)-(?<last>\d*)$/.exec(header?.trim() ?? '')
  const { first = '', last = '' } = match?.groups ?? {}
  if (first === '' && last === '') return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    if (length === 0) throw rangeError(header, size)
    return { start: size - length, end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) throw rangeError(header, size)
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) }
}

function rangeError(header: string | undefined, size: number): Error {
  return s3Error('InvalidRange', { RangeRequested: header ?? '', ActualObjectSize: String(size) })
}
