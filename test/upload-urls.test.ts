import { GetObjectCommand, HeadObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import {
  type CreateUploadResponse,
  createUploadResponseSchema,
  type ListPartsResponse,
  listPartsResponseSchema,
  type SettleUploadResponse,
  settleUploadResponseSchema,
} from '#contract/uploads-api.ts'
import type { Credentials } from '#device/index.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'
import { callUploadApi, crc32Of, describeFile, putTo, sendFile, withoutSignature } from './upload-urls-fixture.ts'

let cloud: TestCloud
let press1: TestDevice
let credentials: Credentials
let s3: S3Client
let Bucket: string
const content = 'a,b\n1,2\n'
const thing = 'press-1'

beforeAll(async () => {
  cloud = await startTestCloud()
  press1 = await registerDevice(cloud, thing)
  credentials = await press1.device.credentials()
  s3 = new S3Client(cloud.client())
  Bucket = cloud.output('BucketName')
})
afterAll(async () => {
  press1?.device.close()
  await cloud?.close()
})

function create(body: object, idempotencyKey?: string, of = thing) {
  const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
  return callUploadApi<CreateUploadResponse>(cloud, credentials, 'createUpload', { thing: of, headers, body })
}

const listParts = (uploadId: string, query = {}) =>
  callUploadApi<ListPartsResponse>(cloud, credentials, 'listUploadParts', { thing, uploadId, query })
const complete = (uploadId: string, body: object) =>
  callUploadApi<SettleUploadResponse>(cloud, credentials, 'completeUpload', { thing, uploadId, body })
const abort = (uploadId: string, query = {}) =>
  callUploadApi<SettleUploadResponse>(cloud, credentials, 'abortUpload', { thing, uploadId, query })

/** The upload under an idempotency key, as soon as it is known to have arrived. */
function arrived(file: object, idempotencyKey: string) {
  return eventually(`the arrival of ${idempotencyKey}`, async () => {
    const { body } = await create(file, idempotencyKey)
    return body.state === 'arrived' && body
  })
}

test('a file goes from a URL to the bucket and the log, with what was announced', async () => {
  const name = "a b+ü'(1).csv"
  const { status, body } = await create(describeFile(name, content), 'first')
  expect(status).toBe(201)
  const upload = createUploadResponseSchema.parse(body)
  expect(upload.key).toMatch(/^things\/press-1\/\d{4}-\d\d-\d\d\/[0-9a-f]{16}-/)
  expect(upload.key).toBe(`things/press-1/${upload.expiresAt.slice(0, 10)}/${upload.uploadId}-${name}`)
  expect(await sendFile(upload, content)).toMatchObject({ status: 200 })
  const object = await s3.send(new GetObjectCommand({ Bucket, Key: upload.key, ChecksumMode: 'ENABLED' }))
  expect(object).toMatchObject({ ContentType: 'text/csv', ChecksumCRC32: crc32Of(content) })
  expect(await object.Body?.transformToString()).toBe(content)
  const row = await eventually('its row', async () => {
    const { uploads } = await cloud.operator.uploads.list({ thing })
    return uploads.find(({ key }) => key === upload.key)
  })
  expect(row).toMatchObject({ event: 'created', sizeBytes: content.length })
  expect(await arrived(describeFile(name, content), 'first')).toMatchObject({ uploadId: upload.uploadId })
})

test('a URL is used once: the second time S3 answers 412', async () => {
  const { body } = await create(describeFile('twice.csv', content))
  expect((await sendFile(body, content)).status).toBe(200)
  const second = await sendFile(body, content)
  expect(second).toMatchObject({ status: 412, body: expect.stringContaining('PreconditionFailed') })
})

test('S3 takes nothing through a URL but what was announced', async () => {
  const { body } = await create(describeFile('exact.csv', content))
  const { url = '', headers = {} } = body.put ?? {}
  const send = async (changed: object, what = content) => {
    const answer = await putTo(url, { ...headers, ...changed }, what)
    return `${answer.status} ${/<Code>(\w+)</.exec(answer.body)?.[1]}`
  }
  const longer = `${content}3,4\n`
  const { 'if-none-match': _, ...unconditional } = headers
  expect(await send({ 'content-length': String(longer.length) }, longer)).toBe('403 SignatureDoesNotMatch')
  expect(await send({}, content.toUpperCase())).toBe('400 BadDigest')
  expect(await send({ 'content-type': 'text/html' })).toBe('403 SignatureDoesNotMatch')
  expect(await send({ 'x-amz-checksum-crc32': crc32Of('other') })).toBe('403 SignatureDoesNotMatch')
  expect((await putTo(url, unconditional, content)).status).toBe(403)
  expect((await putTo(url, { ...headers, 'x-amz-acl': 'public-read' }, content)).status).toBe(403)
  expect((await putTo(url.replace(/exact/, 'other'), headers, content)).status).toBe(403)
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: body.key }))).rejects.toMatchObject({ name: 'NotFound' })
  expect(await send({})).toBe('200 undefined')
})

test('a SHA-256 is what S3 checks when it is given', async () => {
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(content))).toString('base64')
  const { body } = await create({ ...describeFile('sha.csv', content), sha256 })
  expect((await sendFile(body, content.toUpperCase())).status).toBe(400)
  expect((await sendFile(body, content)).status).toBe(200)
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: body.key, ChecksumMode: 'ENABLED' }))
  expect(head.ChecksumSHA256).toBe(sha256)
})

test('an empty file arrives too', async () => {
  const { body } = await create(describeFile('empty.csv', ''))
  expect((await sendFile(body, '')).status).toBe(200)
})

test('the same idempotency key gets the same answer, and is refused for another request', async () => {
  const file = describeFile('same.csv', content)
  const [first, second] = await Promise.all([create(file, 'same'), create(file, 'same')])
  const third = await create(file, 'same')
  expect([first.status, second.status, third.status]).toEqual([201, 201, 201])
  expect(withoutSignature(third.body)).toEqual(withoutSignature(first.body))
  expect(withoutSignature(third.body)).toEqual(withoutSignature(second.body))
  expect(await create({ ...file, sizeBytes: 1 }, 'same')).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  })
  expect((await create(file, 'another')).body.uploadId).not.toBe(first.body.uploadId)
  expect((await create(file)).body.uploadId).not.toBe((await create(file)).body.uploadId)
})

test('when the file is there, its idempotency key is answered with that, also when another upload would do', async () => {
  const file = describeFile('there.csv', content)
  const { body } = await create(file, 'there')
  await sendFile(body, content)
  const again = await arrived(file, 'there')
  expect(again).toMatchObject({ uploadId: body.uploadId, key: body.key, state: 'arrived' })
  expect(again.put).toBeUndefined()
  expect(await create({ ...file, name: 'x' }, 'there')).toMatchObject({ body: { code: 'IDEMPOTENCY_KEY_REUSED' } })
})

test.each([
  { name: 'a/b.csv' },
  { name: '' },
  { name: 'a\0b' },
  { name: '\ud800' },
  { name: 'x'.repeat(1024) },
  { sizeBytes: -1 },
  { sizeBytes: 1.5 },
  { sizeBytes: 5 * 1024 ** 4 + 1 },
  { crc32: 'AAAA' },
  { crc32: undefined },
  { sha256: 'AAAAAA==' },
  { contentType: 'a\nb' },
  { sizeBytes: maxSinglePutBytes + 1, form: true },
  { sizeBytes: maxSinglePutBytes + 1, sha256: `${'A'.repeat(43)}=` },
  { key: 'things/press-2/x' },
])('a request with %j is refused', async (wrong) => {
  const answer = await create({ ...describeFile('a.csv', content), ...wrong })
  expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } })
})

test('an idempotency key that is none is refused', async () => {
  expect(await create(describeFile('a.csv', content), 'a b')).toMatchObject({ status: 400 })
  expect(await create(describeFile('a.csv', content), 'x'.repeat(129))).toMatchObject({ status: 400 })
})

test('a device has no URL for another thing, and an operator none at all', async () => {
  const file = describeFile('a.csv', content)
  for (const other of ['press-2', 'press-10', 'press-1/uploads/../../press-2']) {
    expect((await create(file, undefined, other)).status).toBe(403)
  }
  const { body } = await create(file)
  for (const route of ['listUploadParts', 'abortUpload'] as const) {
    const call = { thing: 'press-2', uploadId: body.uploadId }
    expect((await callUploadApi(cloud, credentials, route, call)).status, route).toBe(403)
  }
  const { operatorCredentials } = cloud.cloud
  const operator = { ...operatorCredentials, sessionToken: '' }
  expect((await callUploadApi(cloud, operator, 'createUpload', { thing, body: file })).status).toBe(403)
})

test('a certificate that another took the place of gets no URL any more', async () => {
  const former = await registerDevice(cloud, 'press-3')
  const old = await former.device.credentials()
  const file = describeFile('a.csv', content)
  const ask = () => callUploadApi(cloud, old, 'createUpload', { thing: 'press-3', body: file })
  expect((await ask()).status).toBe(201)
  const latter = await registerDevice(cloud, 'press-3', { folder: 'press-3-new', replace: true })
  expect((await ask()).status).toBe(403)
  former.device.close()
  latter.device.close()
})

test('an upload that is given up, and one that S3 refused, say so', async () => {
  const { body: first } = await create(describeFile('up.csv', content), 'up')
  expect(settleUploadResponseSchema.parse((await abort(first.uploadId)).body)).toMatchObject({ state: 'aborted' })
  expect((await abort(first.uploadId)).body).toMatchObject({ state: 'aborted' })
  const { body: second } = await create(describeFile('bad.csv', content))
  expect((await abort(second.uploadId, { reason: 'BadDigest' })).body).toMatchObject({ state: 'refused' })
  expect(await abort('0123456789abcdef')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } })
  expect(await abort('nonsense')).toMatchObject({ status: 400 })

  const { body: anew } = await create(describeFile('up.csv', content), 'up')
  expect(anew).toMatchObject({ uploadId: first.uploadId, key: first.key, state: 'issued' })
  expect((await sendFile(anew, content)).status).toBe(200)
  await arrived(describeFile('up.csv', content), 'up')
  expect((await abort(anew.uploadId)).body).toMatchObject({ state: 'arrived' })
})

test('a large file goes in parts, whole, once', async () => {
  const large = Buffer.alloc(maxSinglePutBytes + 5, 'thingdrop')
  const file = { ...describeFile('large.bin', large), crc32: undefined }
  const { status, body } = await create(file, 'large')
  expect({ status, multipart: body.multipart }).toEqual({
    status: 201,
    multipart: { partBytes: 16 * 1024 * 1024, partCount: 7 },
  })
  expect(body.put).toBeUndefined()
  expect((await create(file, 'large')).body).toEqual(body)

  const first = listPartsResponseSchema.parse((await listParts(body.uploadId, { limit: '5' })).body)
  expect({ count: first.parts.length, next: first.next }).toEqual({ count: 5, next: 6 })
  const rest = listPartsResponseSchema.parse((await listParts(body.uploadId, { from: '6' })).body)
  expect({ numbers: rest.parts.map(({ number }) => number), next: rest.next }).toEqual({ numbers: [6, 7] })
  expect(await listParts(body.uploadId, { from: '8' })).toMatchObject({ status: 400 })

  const parts = [...first.parts, ...rest.parts]
  for (const { number, sizeBytes, url } of parts) {
    if (number === 3) continue
    const start = (number - 1) * (body.multipart?.partBytes ?? 0)
    const chunk = large.subarray(start, start + sizeBytes)
    expect((await putTo(url, { 'content-length': String(sizeBytes) }, chunk)).status).toBe(200)
  }
  const crc32 = crc32Of(large)
  expect(await complete(body.uploadId, { crc32 })).toMatchObject({
    status: 409,
    body: { code: 'UPLOAD_INCOMPLETE', detail: expect.stringMatching(/: 3$/) },
  })
  const third = parts[2]
  if (!third) throw new Error('there is no third part')
  const chunk = large.subarray(2 * third.sizeBytes, 3 * third.sizeBytes)
  expect((await putTo(third.url, { 'content-length': '5' }, chunk.subarray(0, 5))).status).toBe(403)
  expect((await putTo(third.url, { 'content-length': String(chunk.length) }, chunk)).status).toBe(200)
  expect(await complete(body.uploadId, {})).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } })
  const done = await complete(body.uploadId, { crc32 })
  expect(settleUploadResponseSchema.parse(done.body)).toMatchObject({ key: body.key, state: 'arrived' })
  expect(await complete(body.uploadId, { crc32 })).toMatchObject({ status: 200, body: { state: 'arrived' } })
  expect(await listParts(body.uploadId)).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
  expect(await create(file, 'large')).toMatchObject({ status: 200, body: { state: 'arrived' } })
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: body.key, ChecksumMode: 'ENABLED' }))
  expect(head).toMatchObject({ ContentLength: large.length, ChecksumCRC32: crc32, ContentType: 'text/csv' })
})

test('parts that together are another file than announced are refused, and are gone', async () => {
  const sizeBytes = maxSinglePutBytes + 1
  const { body } = await create({ name: 'wrong.bin', sizeBytes, crc32: crc32Of('another') })
  const { parts } = (await listParts(body.uploadId)).body
  await Promise.all(
    parts.map((part) => putTo(part.url, { 'content-length': `${part.sizeBytes}` }, Buffer.alloc(part.sizeBytes))),
  )
  expect(await complete(body.uploadId, { crc32: crc32Of('other') })).toMatchObject({ status: 400 })
  expect(await complete(body.uploadId, {})).toMatchObject({ status: 422, body: { code: 'UPLOAD_REFUSED' } })
  expect(await complete(body.uploadId, {})).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
  expect(Uploads.map(({ Key }) => Key)).not.toContain(body.key)
})

test('parts of an upload that is given up are gone, and its URLs lead nowhere', async () => {
  const { body } = await create({ name: 'gone.bin', sizeBytes: maxSinglePutBytes + 1 }, 'gone')
  const { parts } = (await listParts(body.uploadId, { limit: '1' })).body
  const send = () =>
    putTo(parts[0]?.url ?? '', { 'content-length': `${parts[0]?.sizeBytes}` }, Buffer.alloc(16 * 1024 * 1024))
  expect((await send()).status).toBe(200)
  expect((await abort(body.uploadId)).body.state).toBe('aborted')
  expect((await send()).status).toBe(404)
  expect(await listParts(body.uploadId)).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
  const { body: anew } = await create({ name: 'gone.bin', sizeBytes: maxSinglePutBytes + 1 }, 'gone')
  expect(anew).toMatchObject({ uploadId: body.uploadId, key: body.key, state: 'issued' })
  expect((await listParts(anew.uploadId, { limit: '1' })).body.parts).toHaveLength(1)
})

test('an upload in one piece has no parts', async () => {
  const { body } = await create(describeFile('one.csv', content))
  expect(await listParts(body.uploadId)).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
  expect(await complete(body.uploadId, {})).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
})
