import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ZodType } from 'zod'
import { confirmCertificateResponseSchema, createCertificateResponseSchema } from '#contract/certificates-api.ts'
import { problemSchema } from '#contract/problem.ts'
import {
  createUploadResponseSchema,
  listPartsResponseSchema,
  settleUploadResponseSchema,
} from '#contract/uploads-api.ts'
import {
  type ParseAnswer,
  parseConfirmCertificateResponse,
  parseCreateCertificateResponse,
  parseCreateUploadResponse,
  parseListPartsResponse,
  parseProblem,
  parseSettleUploadResponse,
} from './parse-answers.ts'
import { testConfiguration } from './testing/enrolled-device.ts'

const certificateId = '0123456789abcdef'.repeat(4)
const issued = {
  certificateId,
  certificatePem: 'a certificate',
  chainPem: 'its chain',
  notAfter: '2099-01-01T00:00:00Z',
  device: { ...testConfiguration, s3Endpoint: 'http://127.0.0.1:9000' },
}
const problem = {
  type: 'about:blank',
  title: 'Forbidden',
  status: 403,
  code: 'CALLER_MISMATCH',
  detail: 'no',
  hint: 'ask',
  requestId: 'r',
}

const expiresAt = '2099-01-01T00:00:00Z'
const started = {
  uploadId: '0123456789abcdef',
  key: 'things/press-7/2026-11-24/0123456789abcdef-a',
  state: 'issued',
  expiresAt,
}
const upload = { ...started, put: { url: 'https://s3.example/a', headers: { 'content-length': '1' }, expiresAt } }
const inParts = { ...started, multipart: { partBytes: 5_242_880, partCount: 3 } }
const part = { number: 1, sizeBytes: 0, url: 'https://s3.example/a' }
const settled = { uploadId: started.uploadId, key: started.key, state: 'arrived', etag: '"e"' }

type Json = Record<string, unknown>

/** All paths to members, those of members too. */
function pathsIn(value: Json): string[][] {
  return Object.entries(value).flatMap(([name, member]) => {
    const isObject = typeof member === 'object' && member !== null && !Array.isArray(member)
    return [[name], ...(isObject ? pathsIn(member as Json).map((path) => [name, ...path]) : [])]
  })
}

function replaceAt(value: Json, [name = '', ...rest]: readonly string[], member: unknown): Json {
  const own = rest.length === 0 ? member : replaceAt(value[name] as Json, rest, member)
  return { ...value, [name]: own }
}

const others = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom('', ' ', 'press-7', 'not a name', 'https://api.example/', 'api.example', 'INTERNAL', 'toString'),
  fc.constantFrom('2099-01-01T00:00:00+02:00', '2099-01-01T00:00:00.5Z', 'soon', certificateId.toUpperCase()),
  fc.constantFrom([], [certificateId], [certificateId, 'x'], 403, 403.5, null, {}),
  fc.jsonValue(),
)

test.each<[string, Json, ZodType<unknown>, ParseAnswer<unknown>]>([
  ['an issued certificate', issued, createCertificateResponseSchema, parseCreateCertificateResponse],
  [
    'a confirmation',
    { certificateId, retired: [certificateId] },
    confirmCertificateResponseSchema,
    parseConfirmCertificateResponse,
  ],
  ['an upload that may begin', upload, createUploadResponseSchema, parseCreateUploadResponse],
  ['an upload in parts', inParts, createUploadResponseSchema, parseCreateUploadResponse],
  ['URLs of parts', { parts: [part], expiresAt, next: 2 }, listPartsResponseSchema, parseListPartsResponse],
  ['an upload that is over', settled, settleUploadResponseSchema, parseSettleUploadResponse],
  ['a problem', problem, problemSchema, parseProblem],
])("reads %s as the contract's schema does, whatever a member is", (_, good, schema, parse) => {
  expect(parse(good)).toEqual(good)
  expect(parse({ ...good, stray: 1 })).toEqual(good)
  for (const none of [undefined, null, 'text', 7, [], [good]]) expect(parse(none)).toBeUndefined()
  fc.assert(
    fc.property(fc.constantFrom(...pathsIn(good)), others, (path, other) => {
      const changed = replaceAt(good, path, other)
      const expected = schema.safeParse(changed)
      expect(parse(changed)).toEqual(expected.data)
    }),
    { numRuns: 2000 },
  )
})
