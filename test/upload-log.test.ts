import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DeleteCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatObjectKey } from '#contract/object-key.ts'
import type { RebuildUploadsResponse } from '#contract/upload-log-api.ts'
import type { CreateUploadResponse } from '#contract/uploads-api.ts'
import { createThingStore } from '#functions/stores/thing-store.ts'
import { countUploads } from '#functions/stores/upload-counts.ts'
import { createUploadLog } from '#functions/stores/upload-log.ts'
import { createUploadStore } from '#functions/stores/upload-store.ts'
import { countItemsRead } from './count-items-read.ts'
import { eventually } from './eventually.ts'
import { s3Event, type ToldObject } from './s3-event.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'
import { callUploadApi, describeFile } from './upload-urls-fixture.ts'

let cloud: TestCloud
let s3: S3Client
let sqs: SQSClient
let bucket: string
let device: TestDevice
beforeAll(async () => {
  cloud = await startTestCloud()
  s3 = new S3Client(cloud.client())
  sqs = new SQSClient(cloud.client())
  bucket = cloud.output('BucketName')
  device = await registerDevice(cloud, 'press-1')
})
afterAll(async () => {
  device?.device.close()
  await cloud?.close()
})

const certificates = { a: 'a'.repeat(64), b: 'b'.repeat(64) }
const days = ['2026-05-01', '2026-05-02', '2026-05-03']

/** Uploads of two things on three days, and one removal; of each thing and day six files of 1, 2, … bytes. */
const history: Omit<ToldObject, 'bucket'>[] = ['mill-1', 'mill-2'].flatMap((thingName, thing) =>
  days.flatMap((day, dayNumber) =>
    [1, 2, 3, 4, 5, 6].map((number) => ({
      key: formatObjectKey({
        thingName,
        day,
        uploadId: `${thing}${dayNumber}${number}`.padStart(16, '0'),
        name: `${number} + ü%.csv`,
      }),
      time: `${day}T0${number}:00:00.000Z`,
      sizeBytes: number,
      certificateId: thing === 0 ? certificates.a : certificates.b,
    })),
  ),
)
const [first] = history
if (!first) throw new Error('there is no history')
const removal = { ...first, event: 'ObjectRemoved:DeleteMarkerCreated', time: `${days[1]}T12:00:00.000Z` } as const
const past = { from: '2026-05-01T00:00:00Z', to: '2026-05-04T00:00:00Z' }

async function tell(bodies: readonly string[]): Promise<void> {
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies.slice(start, start + 10).map((MessageBody, at) => ({ Id: String(at), MessageBody }))
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: cloud.output('RecordingQueueUrl'), Entries }))
  }
}

describe('a history that S3 tells twice, in no order', () => {
  beforeAll(async () => {
    const objects = [...history, removal].map((object) => ({ bucket, ...object }))
    const told = [0, 8, 16, 24, 32].map((start) => s3Event(...objects.slice(start, start + 8)))
    const foreign = s3Event({ bucket: 'another', key: 'things/mill-1/a', time: `${days[0]}T00:00:00Z` })
    const test = JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: bucket })
    await tell([...told.toReversed(), foreign, test, ...told])
    await eventually('all its rows', async () => (await list()).length === history.length + 1)
  })

  const list = async (query: Parameters<TestCloud['operator']['uploads']['list']>[0] = {}) =>
    (await cloud.operator.uploads.list({ ...past, ...query })).uploads
  const keysOf = (objects: readonly { readonly key: string }[]) => objects.map(({ key }) => key).sort()

  test('has each event once, newest first', async () => {
    const rows = await list()
    expect(keysOf(rows)).toEqual(keysOf([...history, removal]))
    const times = rows.map(({ eventTime }) => eventTime)
    expect(times).toEqual([...times].sort().reverse())
    expect(rows.at(-1)).toMatchObject({ event: 'created', sizeBytes: 1, sourceIp: '192.0.2.7' })
  })

  test('is found by thing, state, certificate, prefix and time, alone and together', async () => {
    const ofMill2 = history.filter(({ key }) => key.includes('mill-2'))
    const firstDay = history.filter(({ key }) => key.includes(`mill-2/${days[0]}`))
    expect(keysOf(await list({ thing: 'mill-2' }))).toEqual(keysOf(ofMill2))
    expect(keysOf(await list({ certificateId: certificates.b }))).toEqual(keysOf(ofMill2))
    expect(await list({ certificateId: certificates.b, thing: 'mill-1' })).toEqual([])
    expect(keysOf(await list({ state: 'arrived' }))).toEqual(keysOf(history))
    expect(keysOf(await list({ state: 'removed' }))).toEqual(keysOf([removal]))
    expect(keysOf(await list({ state: 'removed', thing: 'mill-1' }))).toEqual(keysOf([removal]))
    expect(await list({ state: 'removed', thing: 'mill-2' })).toEqual([])
    expect(keysOf(await list({ prefix: `things/mill-2/${days[0]}` }))).toEqual(keysOf(firstDay))
    expect(await list({ prefix: 'things/mill-2/', thing: 'mill-1' })).toEqual([])
    const firstHours = await list({ thing: 'mill-2', from: `${days[0]}T01:00:00Z`, to: `${days[0]}T03:00:00Z` })
    expect(keysOf(firstHours)).toEqual(keysOf(firstDay.slice(0, 2)))
  })

  test('is read in pages without a gap or a repeat, whatever it is asked for', async () => {
    for (const query of [
      {},
      { thing: 'mill-1' },
      { certificateId: certificates.a },
      { state: 'arrived' as const },
      { prefix: 'things/mill-1/' },
      { thing: 'mill-1', state: 'removed' as const },
    ]) {
      const paged: string[] = []
      let cursor: string | undefined
      do {
        const page = await cloud.operator.uploads.list({ ...past, ...query, limit: 7, cursor })
        expect(page.uploads.length).toBeLessThanOrEqual(7)
        paged.push(...page.uploads.map(({ key, event }) => `${event} ${key}`))
        cursor = page.cursor
      } while (cursor !== undefined)
      expect(paged, JSON.stringify(query)).toEqual((await list(query)).map(({ key, event }) => `${event} ${key}`))
    }
  })

  test('is counted for each thing and day, exactly', async () => {
    const query = { from: '2026-05-01', to: '2026-05-03' }
    const of = (thingName: string) =>
      days.toReversed().map((day) => ({
        thingName,
        day,
        arrived: 6,
        arrivedBytes: 21,
        removed: thingName === 'mill-1' && day === days[1] ? 1 : 0,
      }))
    const byDay = [...of('mill-1'), ...of('mill-2')].sort((a, b) => (a.day < b.day ? 1 : a.day > b.day ? -1 : 0))
    expect(await cloud.operator.stats.uploads(query)).toEqual(byDay)
    expect(await cloud.operator.stats.uploads({ ...query, thing: 'mill-2' })).toEqual(of('mill-2'))
    const one = await cloud.operator.stats.uploads({ from: '2026-05-02', to: '2026-05-02', thing: 'mill-2' })
    expect(one).toEqual(of('mill-2').slice(1, 2))
  })

  test('shows one upload with all that became of it', async () => {
    const uploadId = first.key.split('/')[3]?.slice(0, 16) ?? ''
    const shown = await cloud.operator.uploads.show(uploadId)
    expect(shown).toMatchObject({ uploadId, thingName: 'mill-1', key: first.key, state: 'removed' })
    expect(shown.events.map(({ event }) => event)).toEqual(['removed', 'created'])
    expect(shown.issued).toBeUndefined()
    await expect(cloud.operator.uploads.download(uploadId)).rejects.toMatchObject({ code: 'UPLOAD_STATE' })
  })

  test('costs no more items than it answers', async () => {
    const { tables, reading } = countItemsRead(cloud)
    const tableName = cloud.output('UploadLogTable')
    const log = createUploadLog(tables, tableName)
    const range = { from: new Date(past.from), to: new Date(past.to), limit: 1000 }
    for (const [selection, expected] of [
      [{ thingName: 'mill-1' }, 19],
      [{ thingName: 'mill-1', from: new Date(`${days[1]}T01:00:00Z`), to: new Date(`${days[1]}T03:00:00Z`) }, 2],
      [{}, 37],
      [{ event: 'created' }, 36],
      [{ event: 'removed' }, 1],
      [{ certificateId: certificates.b }, 18],
    ] as const) {
      const { result, items } = await reading(() => log.list({ ...range, ...selection }))
      expect(result.uploads, JSON.stringify(selection)).toHaveLength(expected)
      expect(items, JSON.stringify(selection)).toBe(expected)
    }
    const page = await reading(() => log.list({ ...range, limit: 16 }))
    expect(page.result.uploads).toHaveLength(16)
    expect(page.items, 'a page reads its share of each partition').toBeLessThanOrEqual(2 * 16)
    const last = await reading(() => log.list({ ...range, thingName: 'mill-2', limit: 1 }))
    expect(last.result.uploads[0]?.eventTime).toBe(`${days[2]}T06:00:00.000Z`)
    expect(last.items, 'one of each partition of a thing').toBeLessThanOrEqual(4)
    const found = await reading(() => log.findUpload('0000000000000001'))
    expect([found.result.events.length, found.items]).toEqual([2, 2])
    const counted = await reading(() =>
      countUploads(tables, tableName, {
        thingName: 'mill-2',
        from: new Date(days[0] ?? ''),
        to: new Date(days[1] ?? ''),
      }),
    )
    expect([counted.result.stats[0]?.arrived, counted.items]).toEqual([6, 6])
    // In pages that stop within a day: what is counted stays what it is.
    const whole = { thingName: undefined, from: new Date(past.from), to: new Date(past.to), maxRows: 16 }
    let pages = 0
    let arrived = 0
    let places: Awaited<ReturnType<typeof countUploads>>['places']
    do {
      const part = await countUploads(tables, tableName, { ...whole, places })
      arrived += part.stats.reduce((sum, stat) => sum + stat.arrived, 0)
      places = part.places
      pages++
    } while (places !== undefined)
    expect(arrived).toBe(36)
    expect(pages).toBeGreaterThan(2)
    const expired = await reading(() => createUploadStore(tables, tableName).list({ ...range, state: 'expired' }))
    expect(expired.items).toBe(0)
    const things = createThingStore(tables, cloud.output('LedgerTable'))
    const silent = await reading(() => things.listSilent({ until: new Date(past.from), limit: 100 }))
    expect([silent.result.things.length, silent.items]).toEqual([0, 0])
  })

  test.each([
    { from: '2026-05-02', to: '2026-05-01' },
    { from: '2020-01-01', to: '2026-05-01' },
  ])('cannot be counted over %j', async (query) => {
    await expect(cloud.operator.stats.uploads(query)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  })
})

test('an upload by URL shows what was issued beside the event, and its file can be fetched', async () => {
  const credentials = await device.device.credentials()
  const content = 'a,b\n1,2\n'
  const { body } = await callUploadApi<CreateUploadResponse>(cloud, credentials, 'createUpload', {
    thing: 'press-1',
    body: describeFile('größe "1".csv', content),
  })
  const { uploadId, key, put } = body
  expect(await cloud.operator.uploads.show(uploadId)).toMatchObject({
    state: 'issued',
    issued: { way: 'put', sizeBytes: content.length, certificateId: device.certificateId() },
    events: [],
  })
  await expect(cloud.operator.uploads.download(uploadId)).rejects.toMatchObject({ code: 'UPLOAD_STATE' })
  const headers = Object.entries(put?.headers ?? {}).filter(([name]) => name !== 'content-length')
  await fetch(put?.url ?? '', { method: 'PUT', headers, body: content })
  const shown = await eventually('its arrival', async () => {
    const upload = await cloud.operator.uploads.show(uploadId)
    return upload.state === 'arrived' && upload.issued?.state === 'arrived' && upload
  })
  expect(shown.events).toMatchObject([{ event: 'created', key, uploadId, sizeBytes: content.length }])

  const { url, expiresAt, sizeBytes } = await cloud.operator.uploads.download(uploadId, { seconds: 60 })
  expect(sizeBytes).toBe(content.length)
  expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(60_000)
  const fetched = await fetch(url)
  expect(await fetched.text()).toBe(content)
  expect(fetched.headers.get('content-disposition')).toBe(
    `attachment; filename*=UTF-8''${encodeURIComponent('größe "1".csv')}`,
  )
  expect((await fetch(url.replace(/csv\?/, 'txt?'))).status).toBe(403)
})

test.each(['0123456789abcdef', 'nonsense'])('of an upload %s that is not there nothing is shown', async (uploadId) => {
  const said = { code: expect.stringMatching(/^(NOT_FOUND|REQUEST_INVALID)$/) }
  await expect(cloud.operator.uploads.show(uploadId)).rejects.toMatchObject(said)
  await expect(cloud.operator.uploads.download(uploadId)).rejects.toMatchObject(said)
})

test('one upload id of two things is asked for by thing', async () => {
  const keys = ['saw-1', 'saw-2'].map((thing) => `things/${thing}/2026-06-01/00000000000000aa-a.csv`)
  await tell(keys.map((key) => s3Event({ bucket, key, time: '2026-06-01T00:00:00Z', certificateId: certificates.a })))
  await eventually(
    'both',
    async () =>
      (
        await cloud.operator.uploads.list({
          prefix: 'things/saw-',
          to: '2026-06-02T00:00:00Z',
          from: '2026-06-01T00:00:00Z',
        })
      ).uploads.length === 2,
  )
  await expect(cloud.operator.uploads.show('00000000000000aa')).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  const { key, events } = await cloud.operator.uploads.show('00000000000000aa', { thing: 'saw-2' })
  expect([key, events.length]).toEqual([keys[1], 1])
})

describe('a thing that sends nothing', () => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString()
  const silentFor = async (seconds: number) =>
    (await cloud.operator.things.list({ silentFor: seconds })).things.find(({ thingName }) => thingName === 'quiet')

  test('is listed by its last upload, to the millisecond', async () => {
    const quiet = await registerDevice(cloud, 'quiet')
    quiet.device.close()
    expect(await silentFor(0)).toMatchObject({ thingName: 'quiet', state: 'active' })
    expect((await silentFor(0))?.lastUploadAt).toBeUndefined()
    expect(await silentFor(3600)).toBeUndefined()

    const key = (number: number) => `things/quiet/2026-06-01/${String(number).padStart(16, '0')}-a.csv`
    const sent = { bucket, certificateId: quiet.certificateId() }
    const [older, newer] = [ago(7200), ago(7160)]
    await tell([s3Event({ ...sent, key: key(1), time: older })])
    await eventually('its last upload', async () => (await silentFor(3600))?.lastUploadAt === older)
    // Within the minute in which nothing is noted anew, and after it.
    await tell([s3Event({ ...sent, key: key(2), time: newer })])
    await eventually('its newest file', async () => (await cloud.operator.things.show('quiet')).lastUploadAt === newer)
    const untilBetween = (Date.now() - Date.parse(older)) / 1000 - 20
    expect(await silentFor(Math.floor(untilBetween))).toBeUndefined()
    expect(await silentFor(3600)).toMatchObject({ thingName: 'quiet' })
    await tell([s3Event({ ...sent, key: key(3), time: ago(60) }), s3Event({ ...sent, key: key(4), time: ago(8000) })])
    await eventually('that it speaks again', async () => (await silentFor(3600)) === undefined)
  })

  test('pages go on without a gap or a repeat', async () => {
    const names: string[] = []
    for await (const { things } of cloud.operator.things.pages({ silentFor: 0 }, { limit: 100 })) {
      names.push(...things.map(({ thingName }) => thingName))
    }
    const paged: string[] = []
    let cursor: string | undefined
    do {
      const page = await cloud.operator.things.list({ silentFor: 0, limit: 1, cursor })
      paged.push(...page.things.map(({ thingName }) => thingName))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(paged).toEqual(names)
    expect(names).toContain('press-1')
  })
})

test('what no event told of is found in the bucket, and the log is mended', async () => {
  const { operator } = cloud
  const { tables } = countItemsRead(cloud)
  const TableName = cloud.output('UploadLogTable')
  const log = createUploadLog(tables, TableName)
  const keys = ['a + b.csv', 'ü%41.csv'].map((name, at) => `things/lost/2026-06-01/000000000000000${at}-${name}`)
  const odd = 'things/lost/odd <name>'
  for (const Key of [...keys, odd]) await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Key }))
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: keys[0] }))
  const listed = async () => (await operator.uploads.list({ thing: 'lost' })).uploads
  const told = await eventually('all events', async () => (await listed()).length === 4 && listed())
  const rebuild = async (write: boolean) => {
    const pages: RebuildUploadsResponse[] = []
    for await (const page of operator.uploads.rebuild({ write, minAgeSeconds: 0, limit: 2 })) pages.push(page)
    const differences = pages.flatMap((page) => page.differences)
    return { pages, differences: differences.filter(({ key }) => key.startsWith('things/lost/')) }
  }
  expect((await rebuild(false)).differences).toEqual([])

  // As if these events had been lost.
  for (const key of [...keys, odd]) {
    for (const { thing, position } of await log.readKey(
      key,
      keys.includes(key) ? key.split('/')[3]?.slice(0, 16) : undefined,
    )) {
      await tables.send(new DeleteCommand({ TableName, Key: { thing, position } }))
    }
  }
  expect(await listed()).toEqual([])
  // One of them was issued, and seems to be missing.
  const uploadId = '0000000000000001'
  const issued = createUploadStore(tables, TableName)
  await tables.send(new DeleteCommand({ TableName, Key: { thing: 'lost', position: `upload#${uploadId}` } }))
  await issued.add({
    ...{ thingName: 'lost', uploadId, key: keys[1] ?? '', state: 'issued', way: 'put' },
    ...{ sizeBytes: 1, contentType: 'text/csv', fingerprint: '', certificateId: certificates.a },
    ...{ issuedAt: past.from, expiresAt: past.to, changedAt: past.from },
  })
  const { pages, differences } = await rebuild(false)
  expect(differences.map(({ kind, event, key }) => `${kind} ${event} ${key}`).sort()).toEqual(
    [
      `missing created ${keys[0]}`,
      `missing created ${keys[1]}`,
      `missing created ${odd}`,
      `missing removed ${keys[0]}`,
    ].sort(),
  )
  expect(await listed()).toEqual([])
  expect(pages.length).toBeGreaterThan(1)

  // A rebuild that was broken off goes on where it was.
  const begun = await operator.uploads.rebuild({ write: true, minAgeSeconds: 0, limit: 2 }).next()
  const { cursor } = begun.value as RebuildUploadsResponse
  for await (const page of operator.uploads.rebuild({ write: true, minAgeSeconds: 0, cursor }))
    expect(page).toBeDefined()
  expect(await operator.uploads.show(uploadId, { thing: 'lost' })).toMatchObject({
    state: 'arrived',
    issued: { state: 'arrived' },
  })
  const rebuilt = await listed()
  expect(rebuilt.map(({ event, key }) => `${event} ${key}`).sort()).toEqual(
    told.map(({ event, key }) => `${event} ${key}`).sort(),
  )
  expect(rebuilt.every((row) => row.rebuilt)).toBe(true)
  expect(await rebuild(true)).toMatchObject({ differences: [] })

  // The events come after all.
  await tell(
    told.map(({ key, event, eventTime, sizeBytes = 0, etag = '', versionId, sequencer = '' }) =>
      s3Event({
        bucket,
        key,
        time: eventTime,
        sizeBytes,
        etag,
        versionId,
        sequencer,
        event: event === 'created' ? 'ObjectCreated:Put' : 'ObjectRemoved:DeleteMarkerCreated',
      }),
    ),
  )
  await eventually('the events beside what was rebuilt', async () => (await listed()).length === 8)
  const superfluous = await rebuild(true)
  expect(superfluous.differences.map(({ kind }) => kind)).toEqual(Array(4).fill('superfluous'))
  expect((await listed()).some((row) => row.rebuilt)).toBe(false)
  expect(await listed()).toHaveLength(4)
})
