import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsError } from '#local/service.ts'
import { deriveSigningKey, formatScope } from '../sigv4/signing-keys.ts'
import { createChunkReader } from './chunk-reader.ts'
import { createChunkSignatures } from './chunk-signatures.ts'

// The worked examples of the S3 API reference, "Signature calculations for the authorization header: transferring
// payload in multiple chunks", without and with trailing headers.
const scope = { date: '20130524', region: 'us-east-1', service: 's3' }
const signingKey = deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope)
const chunkSizes = [65_536, 1024, 0]
const plain = {
  seed: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  chunks: [
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ],
  trailer: '',
}
const trailing = {
  seed: '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  chunks: [
    'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2',
    '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7',
    '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992',
  ],
  trailer:
    'x-amz-checksum-crc32c:sOO8/Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n',
}

function frame({ chunks, trailer }: typeof plain): Buffer {
  const parts = chunkSizes.map((size, index) => {
    const header = `${size.toString(16)};chunk-signature=${chunks[index]}\r\n`
    return size > 0 ? `${header}${'a'.repeat(size)}\r\n` : `${header}${trailer}\r\n`
  })
  return Buffer.from(parts.join(''))
}

function read(
  pieces: readonly Buffer[],
  {
    seed,
    names = [],
    signed = true,
    decodedBytes = 66_560,
  }: { seed?: string; names?: string[]; signed?: boolean; decodedBytes?: number },
) {
  const trailers: Record<string, string> = {}
  const signatures = signed
    ? createChunkSignatures({ signingKey, timestamp: '20130524T000000Z', scope: formatScope(scope), seed: seed ?? '' })
    : undefined
  const reader = createChunkReader({ decodedBytes, trailerNames: names, signatures, trailers })
  const parts: Buffer[] = []
  try {
    for (const piece of pieces) reader.write(piece, (part) => parts.push(Buffer.from(part)))
    reader.end()
  } catch (error) {
    if (error instanceof AwsError) return error.code
    throw error
  }
  return { payload: Buffer.concat(parts).toString(), trailers }
}

const payload = 'a'.repeat(66_560)

test('the documented example of signed chunks is read', () => {
  expect(read([frame(plain)], { seed: plain.seed })).toEqual({ payload, trailers: {} })
})

test('the documented example of signed chunks with a signed trailer is read', () => {
  const names = ['x-amz-checksum-crc32c']
  expect(read([frame(trailing)], { seed: trailing.seed, names })).toEqual({
    payload,
    trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' },
  })
})

test('any changed octet is refused', () => {
  const bytes = frame(trailing)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (index) => {
      const changed = Buffer.from(bytes)
      changed[index] = (changed[index] ?? 0) ^ 1
      // What the trailers' names and line ends look like is not signed, but it must fit.
      const result = read([changed], { seed: trailing.seed, names: ['x-amz-checksum-crc32c'] })
      if (typeof result !== 'string')
        expect(result).toEqual({ payload, trailers: { 'x-amz-checksum-crc32c': 'sOO8/Q==' } })
    }),
    { numRuns: 300, examples: [[0], [100], [65_700], [bytes.length - 40], [bytes.length - 100]] },
  )
})

const unsigned = fc
  .array(fc.string({ minLength: 8192, maxLength: 9000 }), { maxLength: 3 })
  .chain((chunks) => fc.tuple(fc.constant(chunks), fc.string({ minLength: 1, maxLength: 100 })))
  .map(([chunks, last]) => [...chunks, last].map((chunk) => Buffer.from(chunk)))

test('however the network cuts an unsigned payload, it is read the same', () => {
  fc.assert(
    fc.property(
      unsigned,
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
      (chunks, cuts) => {
        const framed = Buffer.concat([
          ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
          Buffer.from('0\r\nx-amz-checksum-crc32: AAAAAA==\r\n\r\n'),
        ])
        const pieces: Buffer[] = []
        for (let offset = 0, index = 0; offset < framed.length; index++) {
          const length = cuts[index % cuts.length] ?? 1
          pieces.push(framed.subarray(offset, offset + length))
          offset += length
        }
        const whole = Buffer.concat(chunks)
        expect(read(pieces, { signed: false, names: ['x-amz-checksum-crc32'], decodedBytes: whole.length })).toEqual({
          payload: whole.toString(),
          trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
        })
      },
    ),
    { numRuns: 50 },
  )
})

test.each([
  ['too short', '5\r\nhello\r\n0\r\n\r\n', 6, 'IncompleteBody'],
  ['too long', '5\r\nhello\r\n0\r\n\r\n', 4, 'IncompleteBody'],
  ['cut off in a chunk', '5\r\nhel', 5, 'IncompleteBody'],
  ['cut off before the last chunk', '5\r\nhello\r\n', 5, 'IncompleteBody'],
  [
    'without a trailer that was announced',
    '5\r\nhello\r\n0\r\n\r\n',
    5,
    'MalformedTrailerError',
    ['x-amz-checksum-sha1'],
  ],
  ['with a trailer that was not announced', '5\r\nhello\r\n0\r\nx-amz-evil:1\r\n\r\n', 5, 'MalformedTrailerError'],
  ['with two small chunks', '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 5, 'InvalidChunkSizeError'],
  ['with a size that is no number', 'xyz\r\nhello\r\n0\r\n\r\n', 5, 'InvalidRequest'],
  ['with a chunk longer than it says', '4\r\nhello\r\n0\r\n\r\n', 5, 'InvalidRequest'],
  ['with something after its end', '5\r\nhello\r\n0\r\n\r\nmore', 5, 'InvalidRequest'],
  ['with an endless line', '0'.repeat(10_000), 5, 'InvalidRequest'],
])('a payload %s is refused', (_, framed, decodedBytes, code, names: string[] = []) => {
  expect(read([Buffer.from(framed)], { signed: false, decodedBytes, names })).toBe(code)
})

test('whatever octets come, the reader refuses them with an AwsError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), fc.boolean(), (pieces, signed) => {
      read(
        pieces.map((piece) => Buffer.from(piece)),
        { signed, seed: plain.seed },
      )
    }),
  )
})
