import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeApi } from '#contract/open-api.ts'
import { fillPath, type RouteName, routes } from '#contract/routes.ts'
import { createRequestSigner } from '#operator/sign-request.ts'
import { requireDescribed } from './answer-schemas.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud?.close())

interface Call {
  readonly path?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Calls a route as an operator, and holds the answer to the description. */
async function call(route: RouteName, { path = {}, query = {}, headers = {}, body }: Call = {}) {
  const url = new URL(cloud.output('ApiUrl') + fillPath(routes[route].path, path))
  url.search = new URLSearchParams(query).toString()
  const { region, operatorCredentials: credentials } = cloud.cloud
  const sign = createRequestSigner({ region, credentials, clock: () => new Date() })
  const { method } = routes[route]
  const payload = body === undefined ? null : JSON.stringify(body)
  const signed = await sign(method, url, payload)
  const answer = await fetch(url, { method, headers: { ...signed, ...headers }, body: payload })
  const text = await answer.text()
  const parsed: unknown = text === '' ? undefined : JSON.parse(text)
  requireDescribed(route, answer.status, answer.headers.get('content-type') ?? '', parsed)
  return { status: answer.status, headers: answer.headers, body: parsed as Record<string, never> }
}

test('the API gives its own description, and says when it is still the same', async () => {
  const { status, headers, body } = await call('showOpenApi')
  expect(status).toBe(200)
  expect(body).toEqual(JSON.parse(JSON.stringify(describeApi())))
  const etag = headers.get('etag') ?? ''
  for (const known of [etag, `"other", W/${etag}`, '*']) {
    const again = await call('showOpenApi', { headers: { 'if-none-match': known } })
    expect([again.status, again.body, again.headers.get('etag')]).toEqual([304, undefined, etag])
  }
  expect((await call('showOpenApi', { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
})

test('an answer that is not as described is noticed', () => {
  const upload = { key: 'a', event: 'created', eventTime: '2026-05-01T00:00:00Z', loggedAt: '2026-05-01T00:00:00Z' }
  const require = (body: unknown, status = 200) => requireDescribed('listUploads', status, 'application/json', body)
  require({ uploads: [upload] })
  expect(() => require({ uploads: [{ ...upload, event: 'lost' }] })).toThrow()
  expect(() => require({ uploads: [{ ...upload, secret: 1 }] })).toThrow()
  expect(() => require({})).toThrow()
  expect(() => require({ uploads: [] }, 201)).toThrow('201')
})

test('who has no signature gets no description', async () => {
  expect((await fetch(`${cloud.output('ApiUrl')}/v1/openapi.json`)).status).toBe(403)
})

test('what operators ask for is answered as it is described', async () => {
  const claim = await call('createClaim', { body: { thingName: 'press-1', attributes: { site: 'b' } } })
  expect(claim.status).toBe(201)
  const uploadId = '00000000000000ab'
  const Key = `things/press-1/2026-06-01/${uploadId}-a.csv`
  await new S3Client(cloud.client()).send(new PutObjectCommand({ Bucket: cloud.output('BucketName'), Key, Body: 'a' }))
  await eventually('its row', async () => (await call('showUpload', { path: { uploadId } })).status === 200)
  const thing = { path: { thing: 'press-1' } }
  const calls: [RouteName, Call][] = [
    ['listClaims', {}],
    ['revokeClaim', { path: { claimId: String(claim.body.claimId) } }],
    ['listCertificates', { query: { state: 'revoked' } }],
    ['listThings', {}],
    ['listThings', { query: { silentFor: '0', limit: '1' } }],
    ['showThing', thing],
    ['explain', { path: { subject: 'press-1' } }],
    ['listUploads', { query: { thing: 'press-1', state: 'arrived' } }],
    ['listUploads', { query: { state: 'missing' } }],
    ['downloadUpload', { path: { uploadId }, body: { seconds: 1 } }],
    ['rebuildUploads', { body: { minAgeSeconds: 0, limit: 1 } }],
    ['showUploadStats', {}],
    ['listCaCertificates', {}],
    ['showRegistrationCode', {}],
    ['revokeThing', { ...thing, body: {} }],
    ['deleteThing', thing],
  ]
  for (const [route, asked] of calls) expect([route, (await call(route, asked)).status]).toEqual([route, 200])
})

test.each<[RouteName, Call, number, string]>([
  ['listUploads', { query: { state: 'lost' } }, 400, 'REQUEST_INVALID'],
  ['listUploads', { query: { state: 'issued', cursor: 'bm9uc2Vuc2U' } }, 400, 'CURSOR_INVALID'],
  ['listUploads', { query: { limit: '1001' } }, 400, 'REQUEST_INVALID'],
  ['listUploads', { query: { certificateId: 'a' } }, 400, 'REQUEST_INVALID'],
  ['listUploads', { query: { unknown: 'a' } }, 400, 'REQUEST_INVALID'],
  ['listUploads', { query: { from: 'yesterday' } }, 400, 'REQUEST_INVALID'],
  ['listThings', { query: { silentFor: '-1' } }, 400, 'REQUEST_INVALID'],
  ['listThings', { query: { silentFor: '1', cursor: 'cHJlc3MtMQ' } }, 400, 'CURSOR_INVALID'],
  ['showUpload', { path: { uploadId: 'x' } }, 400, 'REQUEST_INVALID'],
  ['showUpload', { path: { uploadId: 'ffffffffffffffff' } }, 404, 'NOT_FOUND'],
  ['downloadUpload', { path: { uploadId: 'ffffffffffffffff' }, body: { seconds: 901 } }, 400, 'REQUEST_INVALID'],
  ['downloadUpload', { path: { uploadId: 'ffffffffffffffff' }, body: {} }, 404, 'NOT_FOUND'],
  ['rebuildUploads', { body: { cursor: 'W10' } }, 400, 'CURSOR_INVALID'],
  ['rebuildUploads', { body: { limit: 1001 } }, 400, 'REQUEST_INVALID'],
  ['showUploadStats', { query: { from: '2026-13-01' } }, 400, 'REQUEST_INVALID'],
  ['showUploadStats', { query: { cursor: 'bm9uc2Vuc2U' } }, 400, 'CURSOR_INVALID'],
])('%s with %j is refused as a problem', async (route, asked, status, code) => {
  const refused = await call(route, asked)
  expect(refused).toMatchObject({ status, body: { status, code, requestId: expect.any(String) } })
  expect(refused.headers.get('content-type')).toBe('application/problem+json')
})
