import type { HttpRequest } from '#local/service.ts'
import { notImplemented } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'
import type { Content } from '../storage/receive-content.ts'
import {
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumBytes,
  checksumHeader,
  isChecksumAlgorithm,
} from './checksum-algorithm.ts'

/** What the client says about its payload. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
export interface PayloadIntegrity {
  readonly md5: Buffer | undefined
  readonly algorithm: ChecksumAlgorithm | undefined
  /** Base64, from the header; a trailer's value is known only after the payload. */
  readonly value: string | undefined
}

/** Header names of checksums that are settings rather than values. */
const settings = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-mode', 'x-amz-checksum-type'])

export function parsePayloadIntegrity(headers: Headers): PayloadIntegrity {
  const sent = Object.keys(headers).filter((name) => name.startsWith('x-amz-checksum-') && !settings.has(name))
  const trailers = (headers['x-amz-trailer'] ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name.startsWith('x-amz-checksum-'))
  const [name, ...more] = [...sent, ...trailers]
  if (more.length > 0) {
    const message = 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'
    throw s3Error('InvalidRequest', {}, { message })
  }
  const algorithm = name && checksumAlgorithms.find((candidate) => checksumHeader(candidate) === name)
  if (name && !algorithm) throw notImplemented(`the header ${name}`)
  if (!name && headers['x-amz-sdk-checksum-algorithm']) {
    const message =
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.'
    throw s3Error('InvalidRequest', {}, { message })
  }
  const value = sent[0] && headers[sent[0]]
  if (value && algorithm) assertChecksumValue(algorithm, value)
  return { md5: parseContentMd5(headers['content-md5']), algorithm: algorithm || undefined, value }
}

/** Compares what arrived with what was announced. */
export function verifyPayload(integrity: PayloadIntegrity, content: Content, request: HttpRequest): void {
  if (integrity.md5 && !integrity.md5.equals(content.md5)) {
    throw s3Error('BadDigest', {
      ExpectedDigest: integrity.md5.toString('hex'),
      CalculatedDigest: content.md5.toString('base64'),
    })
  }
  const { algorithm } = integrity
  if (!algorithm) return
  const header = checksumHeader(algorithm)
  const value = integrity.value ?? request.trailers[header]
  if (value === undefined)
    throw s3Error('InvalidRequest', {}, { message: `The trailer ${header} was announced and not sent.` })
  assertChecksumValue(algorithm, value)
  if (value !== content.checksums[algorithm]) {
    throw s3Error('BadDigest', {}, { message: `The ${algorithm} you specified did not match the calculated checksum.` })
  }
}

/** A setting such as x-amz-checksum-algorithm. */
export function parseChecksumAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined
  const upper = name.toUpperCase()
  if (isChecksumAlgorithm(upper)) return upper
  throw s3Error(
    'InvalidRequest',
    {},
    {
      message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${checksumAlgorithms.join(', ')}]`,
    },
  )
}

function assertChecksumValue(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== checksumBytes[algorithm] || bytes.toString('base64') !== value) {
    throw s3Error('InvalidRequest', {}, { message: `Value for ${checksumHeader(algorithm)} header is invalid.` })
  }
}

function parseContentMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined
  const md5 = Buffer.from(header, 'base64')
  if (md5.length !== 16 || md5.toString('base64') !== header) throw s3Error('InvalidDigest', { 'Content-MD5': header })
  return md5
}
