import { hash } from 'node:crypto'
import { HttpRequest } from '@smithy/protocol-http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AwsError, type Caller } from '#local/service.ts'
import { parseSignature } from './parse-signature.ts'
import { readRequestHead } from './request-head.ts'
import { createSigner } from './signer-fixture.ts'
import { createSignatureVerifier } from './verify-signature.ts'

const caller: Caller = { kind: 'user', arn: 'arn:aws:iam::1:user/u', accountId: '1', userId: 'AIDA', context: {} }
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const now = new Date('2026-03-04T05:06:07Z')
const emptyHash = hash('sha256', '')

/** RFC 3986, 2.1: hexadecimal digits in capitals, as the canonical form has them. */
const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signed request as Node's HTTP parser would show it. */
function send(request: HttpRequest) {
  const query = Object.entries(request.query).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encode(name)}=${encode(one)}`),
  )
  return readRequestHead({
    method: request.method,
    url: query.length > 0 ? `${request.path}?${query.join('&')}` : request.path,
    rawHeaders: Object.entries(request.headers).flat(),
  })
}

function verify(head: ReturnType<typeof send>, payloadHash: string, at = now): string {
  const verifier = createSignatureVerifier({
    region: 'us-east-1',
    clock: () => at,
    credentials: {
      find(accessKeyId) {
        if (accessKeyId !== 'AKIDEXAMPLE') throw new AwsError('InvalidClientTokenId', 'unknown', 403)
        return { secretAccessKey, caller }
      },
    },
  })
  try {
    const signature = parseSignature(head)
    if (!signature) return 'unsigned'
    verifier.verify(head, signature, payloadHash)
    return 'accepted'
  } catch (error) {
    if (error instanceof AwsError) return error.code
    throw error
  }
}

const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed())
const headerValue = fc.string({ unit: fc.constantFrom(...'abc XYZ019,;="/\t'), maxLength: 20 })
/** The SDK's signer loses a parameter that is named as the prototype is. */
const parameterName = segment.filter((name) => name !== '__proto__')
const request = fc.record({
  service: fc.constantFrom('s3', 'iot', 'kms'),
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
  segments: fc.array(fc.oneof(segment, fc.constantFrom('.', '..', '')), { maxLength: 5 }),
  query: fc.dictionary(parameterName, fc.oneof(segment, fc.array(segment, { minLength: 1, maxLength: 3 })), {
    maxKeys: 4,
  }),
  headers: fc.dictionary(fc.stringMatching(/^x-amz-meta-[a-z]{1,8}$/), headerValue, { maxKeys: 3 }),
  sessionToken: fc.option(fc.base64String({ minLength: 4, maxLength: 40 }), { nil: undefined }),
})

type Request = typeof request extends fc.Arbitrary<infer T> ? T : never

function build({ method, segments, query, headers }: Request): HttpRequest {
  const path = `/${segments.map(encode).join('/')}`
  return new HttpRequest({ method, path, query, headers: { host: '127.0.0.1:4000', ...headers } })
}

function signer({ service, sessionToken }: Request) {
  const credentials = {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
  }
  return createSigner({ service, region: 'us-east-1', credentials })
}

test('whatever the SDK signs is accepted, in headers and presigned', async () => {
  await fc.assert(
    fc.asyncProperty(request, async (asked) => {
      const signed = await signer(asked).sign(build(asked), { signingDate: now })
      expect(verify(send(signed as HttpRequest), emptyHash)).toBe('accepted')
      const presigned = await signer(asked).presign(build(asked), { signingDate: now, expiresIn: 60 })
      expect(verify(send(presigned as HttpRequest), emptyHash)).toBe('accepted')
    }),
  )
})

test('any change to what is signed is refused', async () => {
  const changes: Record<string, (signed: HttpRequest) => void> = {
    method: (signed) => (signed.method = 'PATCH'),
    path: (signed) => (signed.path += 'x'),
    query: (signed) => (signed.query.added = '1'),
    host: (signed) => (signed.headers.host = '127.0.0.1:4001'),
    signature: (signed) => {
      const [head, signature = ''] = (signed.headers.authorization ?? '').split('Signature=')
      signed.headers.authorization = `${head}Signature=${signature.replace(/./, (digit) => (digit === '0' ? '1' : '0'))}`
    },
  }
  await fc.assert(
    fc.asyncProperty(request, fc.constantFrom(...Object.keys(changes)), async (asked, change) => {
      const signed = (await signer(asked).sign(build(asked), { signingDate: now })) as HttpRequest
      changes[change]?.(signed)
      expect(verify(send(signed), emptyHash)).toBe('SignatureDoesNotMatch')
    }),
  )
})

const plain: Request = {
  service: 's3',
  method: 'GET',
  segments: ['b', 'k'],
  query: {},
  headers: {},
  sessionToken: undefined,
}
const signPlain = async (overrides: Partial<Request> = {}) => {
  const asked = { ...plain, ...overrides }
  return (await signer(asked).sign(build(asked), { signingDate: now })) as HttpRequest
}

test('a payload with another hash is refused', async () => {
  expect(verify(send(await signPlain()), hash('sha256', 'other'))).toBe('SignatureDoesNotMatch')
})

test.each([
  ['14 min 59 s old', 899, 'accepted', 'accepted'],
  ['15 min 1 s old', 901, 'RequestTimeTooSkewed', 'SignatureDoesNotMatch'],
  ['15 min 1 s ahead', -901, 'RequestTimeTooSkewed', 'SignatureDoesNotMatch'],
])('a signature %s', async (_, seconds, s3, iot) => {
  const at = new Date(now.getTime() + seconds * 1000)
  expect(verify(send(await signPlain()), emptyHash, at)).toBe(s3)
  expect(verify(send(await signPlain({ service: 'iot' })), emptyHash, at)).toBe(iot)
})

test('a presigned URL lives as long as it says and at most a week', async () => {
  const presign = async (expiresIn: number) =>
    send((await signer(plain).presign(build(plain), { signingDate: now, expiresIn })) as HttpRequest)
  const after = (seconds: number) => new Date(now.getTime() + seconds * 1000)
  expect(verify(await presign(3600), emptyHash, after(3600))).toBe('accepted')
  expect(verify(await presign(3600), emptyHash, after(3601))).toBe('AccessDenied')
  expect(verify(await presign(604_800), emptyHash, after(604_800))).toBe('accepted')
  const stretched = await presign(604_800)
  const rawQuery = stretched.rawQuery.replace('X-Amz-Expires=604800', 'X-Amz-Expires=604801')
  expect(verify({ ...stretched, rawQuery }, emptyHash)).toBe('IncompleteSignature')
})

test('an x-amz- header that the signature does not cover is refused', async () => {
  const signed = await signPlain()
  signed.headers['x-amz-copy-source'] = '/other/key'
  expect(verify(send(signed), emptyHash)).toBe('AccessDenied')
})

test.each([
  ['region', 'us-east-1', 'us-west-2', 'AuthorizationHeaderMalformed'],
  ['date', '20260304', '20260303', 'AuthorizationHeaderMalformed'],
  ['terminal', 'aws4_request', 'aws5_request', 'IncompleteSignature'],
  ['key id', 'AKIDEXAMPLE', 'AKIDUNKNOWN', 'InvalidClientTokenId'],
  ['algorithm', 'AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256', 'NotImplemented'],
  ['headers', 'SignedHeaders=', 'Signed=', 'IncompleteSignature'],
])('a credential with another %s is refused', async (_, right, wrong, code) => {
  const signed = await signPlain()
  signed.headers.authorization = (signed.headers.authorization ?? '').replace(right, wrong)
  expect(verify(send(signed), emptyHash)).toBe(code)
})

test('nothing that stands in an Authorization header makes the parser fail otherwise than by an AwsError', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (authorization, rawQuery) => {
      const headers = new Map([
        ['host', ['localhost']],
        ['authorization', [`AWS4-HMAC-SHA256 ${authorization}`]],
      ])
      expect(verify({ method: 'GET', rawPath: '/', rawQuery, headers }, emptyHash)).not.toBe('accepted')
    }),
  )
})
