import { hash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { HeadObjectCommand, ListMultipartUploadsCommand, ListPartsCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import type { CreateUploadResponse, ListPartsResponse } from '#contract/uploads-api.ts'
import type { Credentials } from '#device/index.ts'
import { synthesize } from '../start/synthesize.ts'
import { deriveAssembly } from './derive-assembly.ts'
import { eventually } from './eventually.ts'
import { invokeSweep } from './invoke-sweep.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice } from './test-device.ts'
import { callUploadApi, describeFile, putTo, sendFile } from './upload-urls-fixture.ts'

const maxOpen = 3
const maxBytes = 3 * maxSinglePutBytes
const content = 'a,b\n1,2\n'

let assembly: string
let cloud: TestCloud
let s3: S3Client
let sqs: SQSClient
beforeAll(async () => {
  // The stack as it is deployed, but for its limits and its patience.
  assembly = await deriveAssembly(process.env.THINGDROP_ASSEMBLY ?? (await synthesize()), ({ Resources }) => {
    for (const { Properties } of Object.values(Resources)) {
      const variables = (Properties.Environment as { Variables: Record<string, unknown> } | undefined)?.Variables
      if (variables?.MAX_OPEN_UPLOADS !== undefined) {
        Object.assign(variables, {
          MAX_OPEN_UPLOADS: `${maxOpen}`,
          MAX_BYTES_PER_DAY: `${maxBytes}`,
          MULTIPART_SECONDS: '6',
        })
      }
      if (variables?.GRACE_SECONDS !== undefined) Object.assign(variables, { GRACE_SECONDS: '0' })
    }
  })
  cloud = await startTestCloud({ assembly })
  s3 = new S3Client(cloud.client())
  sqs = new SQSClient(cloud.client())
})
afterAll(async () => {
  await cloud?.close()
  await rm(assembly, { recursive: true })
})

/** A thing with limits that nothing has counted against, and what it asks. */
async function askAs(thing: string) {
  const { device } = await registerDevice(cloud, thing)
  const credentials: Credentials = await device.credentials()
  device.close()
  return {
    create: (body: object, key?: string) =>
      callUploadApi<CreateUploadResponse>(cloud, credentials, 'createUpload', {
        thing,
        body,
        headers: key === undefined ? {} : { 'idempotency-key': key },
      }),
    listParts: (uploadId: string) =>
      callUploadApi<ListPartsResponse>(cloud, credentials, 'listUploadParts', { thing, uploadId }),
    abort: (uploadId: string, query = {}) =>
      callUploadApi(cloud, credentials, 'abortUpload', { thing, uploadId, query }),
  }
}

async function listed(state: 'issued' | 'expired' | 'refused' | 'aborted') {
  return (await cloud.operator.uploads.list({ state })).uploads
}

/** An event as S3 sends it, of an object that a URL brought. */
function eventOf(key: string, sequencer = '0055AED6DCD90281E5') {
  return JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventTime: new Date().toISOString(),
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'AWS:AROAEXAMPLE:issue-upload' },
        s3: {
          bucket: { name: cloud.output('BucketName') },
          object: { key: encodeURIComponent(key), size: 8, eTag: 'e', sequencer },
        },
      },
    ],
  })
}

function tell(body: string) {
  return sqs.send(new SendMessageCommand({ QueueUrl: cloud.output('RecordingQueueUrl'), MessageBody: body }))
}

test('a thing has so many open uploads; one that ends, in whatever way, makes room', async () => {
  const { create, abort } = await askAs('open')
  const uploads: CreateUploadResponse[] = []
  for (let number = 0; number < maxOpen; number++) {
    uploads.push((await create(describeFile(`${number}.csv`, content), `${number}`)).body)
  }
  const refused = await create(describeFile('more.csv', content))
  expect(refused).toMatchObject({ status: 429, body: { code: 'UPLOAD_LIMIT' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(900)
  expect((await create(describeFile('0.csv', content), '0')).status, 'asked before').toBe(201)

  await abort(uploads[0]?.uploadId ?? '')
  expect((await create(describeFile('after-abort.csv', content))).status).toBe(201)
  expect((await create(describeFile('more.csv', content))).status).toBe(429)

  if (!uploads[1]) throw new Error('there is no second upload')
  expect((await sendFile(uploads[1], content)).status).toBe(200)
  await eventually('room for one more', async () => (await create(describeFile('after.csv', content))).status === 201)
  expect((await create(describeFile('more.csv', content))).status).toBe(429)
})

test('a thing announces so many bytes a day, and is told when the day ends', async () => {
  const { create, abort } = await askAs('bytes')
  const announce = (sizeBytes: number, key?: string) => create({ name: 'a', sizeBytes, crc32: 'AAAAAA==' }, key)
  const { body } = await announce(maxBytes / 3, 'first')
  await announce(maxBytes / 3 - 1)
  expect((await announce(maxBytes / 3, 'first')).status, 'asked before').toBe(201)
  await abort(body.uploadId)
  await announce(maxBytes / 3)
  const { body: last } = await announce(1)
  await abort(last.uploadId)
  const refused = await announce(1)
  expect(refused).toMatchObject({
    status: 429,
    body: { code: 'UPLOAD_LIMIT', detail: expect.stringMatching(/ 0 are left/) },
  })
  const untilMidnight = 86_400 - (Math.floor(Date.now() / 1000) % 86_400)
  expect(Math.abs(Number(refused.headers.get('retry-after')) - untilMidnight)).toBeLessThan(60)
})

test('limits are counted for each thing, also when it asks all at once', async () => {
  const { create } = await askAs('at-once')
  const answers = await Promise.all([...'abcdefgh'].map((name) => create(describeFile(name, content))))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(maxOpen)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(answers.length - maxOpen)
})

test('what does not come expires: the operator sees it, its parts are gone, and it may be asked for anew', async () => {
  const { create, listParts } = await askAs('late')
  const file = { name: 'late.bin', sizeBytes: maxSinglePutBytes + 1 }
  const { body } = await create(file, 'late')
  const [part] = (await listParts(body.uploadId)).body.parts
  if (!part) throw new Error('there is no part')
  const send = () => putTo(part.url, { 'content-length': `${part.sizeBytes}` }, Buffer.alloc(part.sizeBytes))
  expect((await send()).status).toBe(200)
  await eventually('the end of its URL', async () => {
    const { status, body: said } = await putTo(part.url, { 'content-length': '0' }, '')
    return status === 403 && said.includes('Request has expired')
  })
  expect(await listParts(body.uploadId)).toMatchObject({ status: 409, body: { code: 'UPLOAD_STATE' } })
  await eventually('its row among the expired', async () => {
    await invokeSweep(cloud, 'uploads')
    return (await listed('expired')).some(({ uploadId }) => uploadId === body.uploadId)
  })
  const Bucket = cloud.output('BucketName')
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
  expect(Uploads.map(({ Key }) => Key)).not.toContain(body.key)
  expect((await listed('issued')).map(({ uploadId }) => uploadId)).not.toContain(body.uploadId)

  const { body: anew } = await create(file, 'late')
  expect(anew).toMatchObject({ uploadId: body.uploadId, key: body.key, state: 'issued' })
  expect((await listed('expired')).map(({ uploadId }) => uploadId)).not.toContain(body.uploadId)
  const renewed = await s3.send(new ListMultipartUploadsCommand({ Bucket }))
  const UploadId = renewed.Uploads?.find(({ Key }) => Key === body.key)?.UploadId
  expect((await s3.send(new ListPartsCommand({ Bucket, Key: body.key, UploadId }))).Parts ?? []).toEqual([])
})

test('an event that comes after its upload expired, or was refused, still says that it arrived', async () => {
  const { create, abort } = await askAs('overtaken')
  const file = describeFile('a.csv', content)
  const { body } = await create(file, 'a')
  await abort(body.uploadId, { reason: 'BadDigest' })
  const [row] = await listed('refused')
  expect(row).toMatchObject({
    thingName: 'overtaken',
    uploadId: body.uploadId,
    key: body.key,
    event: 'refused',
    reason: 'BadDigest',
    sizeBytes: content.length,
  })
  await tell(eventOf(body.key))
  await eventually('its arrival', async () => (await create(file, 'a')).body.state === 'arrived')
  expect(await listed('refused')).toEqual([])
  expect((await abort(body.uploadId)).body).toMatchObject({ state: 'arrived' })
})

test('an event that comes twice counts once, and one that comes before its upload was asked for counts too', async () => {
  const { create } = await askAs('early')
  const file = describeFile('a.csv', content)
  const { body } = await create(file, 'asked')
  const idOfUnasked = hash('sha256', 'early\nunasked').slice(0, 16)
  const unasked = body.key.replace(body.uploadId, idOfUnasked)
  const events = [eventOf(body.key), eventOf(unasked)]
  await Promise.all([...events, ...events].map(tell))
  await eventually('the arrival of the one', async () => (await create(file, 'asked')).body.state === 'arrived')
  const rows = await eventually('a row for each object', async () => {
    const { uploads } = await cloud.operator.uploads.list({ thing: 'early' })
    return uploads.length >= 2 && uploads
  })
  expect(rows.map(({ key }) => key).sort()).toEqual([body.key, unasked].sort())
  const other = await eventually('the arrival of the other', async () => {
    const answer = await create(file, 'unasked')
    return answer.body.state === 'arrived' && answer
  })
  expect(other).toMatchObject({ status: 200, body: { uploadId: idOfUnasked, key: unasked } })
})

test('pages of a state go on without a gap or a repeat, of one thing too', async () => {
  const { create, abort } = await askAs('given-up')
  const ids: string[] = []
  for (let number = 0; number < 5; number++) {
    const { body } = await create(describeFile(`${number}.csv`, content))
    await abort(body.uploadId)
    ids.push(body.uploadId)
  }
  const found: (string | undefined)[] = []
  let cursor: string | undefined
  do {
    const page = await cloud.operator.uploads.list({
      state: 'aborted',
      limit: 2,
      ...(cursor !== undefined && { cursor }),
    })
    expect(page.uploads.length).toBeLessThanOrEqual(2)
    found.push(...page.uploads.filter(({ thingName }) => thingName === 'given-up').map(({ uploadId }) => uploadId))
    cursor = page.cursor
  } while (cursor !== undefined)
  ids.reverse()
  expect(found).toEqual(ids)
  const { uploads } = await cloud.operator.uploads.list({ state: 'aborted', thing: 'given-up' })
  expect(uploads.map(({ uploadId }) => uploadId)).toEqual(ids)
})

test('a form brings one file of at most the size that was announced, under its key', async () => {
  const { create } = await askAs('form')
  const { body } = await create({ ...describeFile('f.csv', content), form: true })
  const { url = '', fields = {} } = body.form ?? {}
  const post = async (text: string, changed: object = {}) => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value)
    form.append('file', new Blob([text]), 'f.csv')
    const answer = await fetch(url, { method: 'POST', body: form })
    return `${answer.status} ${/<Code>(\w+)</.exec(await answer.text())?.[1]}`
  }
  expect(await post(`${content}3,4\n`)).toBe('400 EntityTooLarge')
  expect(await post(content.toUpperCase())).toBe('400 BadDigest')
  expect(await post(content, { key: 'things/form/other' })).toBe('403 AccessDenied')
  expect(await post(content, { 'content-type': 'text/html' })).toBe('403 AccessDenied')
  expect(await post(content)).toBe('201 undefined')
  const head = await s3.send(new HeadObjectCommand({ Bucket: cloud.output('BucketName'), Key: body.key }))
  expect(head).toMatchObject({ ContentLength: content.length, ContentType: 'text/csv' })
  await eventually('its arrival', async () => !(await listed('issued')).some(({ key }) => key === body.key))
})
