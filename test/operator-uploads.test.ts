import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DeleteItemCommand, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Upload } from '#contract/upload-log-api.ts'
import { runCommand } from '#operator/test-cli.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'

const content = 'a,b\n1,2\n'
/** Its file name would be an option, hidden text, and a formula in a spreadsheet. */
const hostileName = '-=1+1 ü%41\u202e\u001b[2J.csv'

let cloud: TestCloud
let device: TestDevice
let folder: string
let put: (key: string) => Promise<unknown>
/** Of the device, newest first. */
let rows: Upload[]

beforeAll(async () => {
  cloud = await startTestCloud()
  const s3 = new S3Client(cloud.client())
  put = (Key) => s3.send(new PutObjectCommand({ Bucket: cloud.output('BucketName'), Key, Body: content }))
  folder = join(cloud.stateDir, 'operator')
  await mkdir(folder)
  device = await registerDevice(cloud, 'press-1')
  for (const name of ['plain.csv', hostileName]) await device.device.upload(await device.file(name, content))
  await put('things/press-2/2026-03-01/0123456789abcdef-by-hand.csv')
  rows = await eventually('three rows', async () => {
    const { uploads } = await cloud.operator.uploads.list()
    return uploads.length === 3 && uploads.filter(({ thingName }) => thingName === 'press-1')
  })
})
afterAll(async () => {
  device?.device.close()
  await cloud?.close()
})

const at = (name: string) => join(folder, name)

function thingdrop(args: readonly string[], overrides: Parameters<typeof runCommand>[2] = {}) {
  return runCommand(args, { ...cloud.environment, THINGDROP_API_URL: cloud.output('ApiUrl') }, overrides)
}

/** What a command answered as JSON lines. */
async function rowsOf(...args: string[]) {
  const { stdout, stderr, code } = await thingdrop([...args, '--output', 'jsonl'])
  expect({ args, stderr, code }).toMatchObject({ args, code: 0 })
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

test('the log is listed by thing, certificate, prefix, state and time', async () => {
  const list = (...args: string[]) => rowsOf('uploads', 'list', ...args)
  expect(await list('--thing', 'press-1')).toEqual(rows)
  expect(await list('--certificate', device.certificateId())).toEqual(rows)
  expect(await list('--prefix', 'things/press-1/', '--since', '1h')).toEqual(rows)
  expect(await list('--state', 'arrived', '--thing', 'press-1')).toEqual(rows)
  expect(await list('--until', '1h')).toEqual([])
  expect(await list('--state', 'missing')).toEqual([])
  expect(await list()).toHaveLength(3)
  const { stdout } = await thingdrop(['uploads', 'list', '--thing', 'press-1'])
  expect(stdout).toContain('-=1+1 ü%41.csv\n')
})

test('an upload is shown by its id and by its key', async () => {
  for (const { key, uploadId = '' } of rows) {
    for (const subject of [key, uploadId]) {
      const { stdout, code } = await thingdrop(['uploads', 'show', subject, '--output', 'json'])
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({ uploadId, key, state: 'arrived', events: [{ key }] })
    }
  }
  const gone = await thingdrop(['uploads', 'show', '00000000000000ff'])
  expect(gone).toMatchObject({ code: 254, stderr: expect.stringMatching(/^NOT_FOUND: /) })
})

describe('a download', () => {
  test('has the bytes, a name that does no harm, and takes the place of nothing', async () => {
    const hostile = rows.find(({ key }) => key.includes('=1+1'))
    const download = ['uploads', 'download', hostile?.uploadId ?? '', '--out', folder]
    const file = at('_=1+1 ü%41.csv')
    const first = await thingdrop([...download, '--output', 'json'])
    expect(JSON.parse(first.stdout)).toEqual({
      file,
      sizeBytes: content.length,
      key: hostile?.key,
      uploadId: hostile?.uploadId,
    })
    expect(await readFile(file, 'utf8')).toBe(content)

    await writeFile(file, 'mine')
    const second = await thingdrop(download)
    expect(second).toMatchObject({ code: 255, stderr: expect.stringMatching(/^FILE_UNWRITABLE: .* is there already/) })
    expect(await readFile(file, 'utf8')).toBe('mine')
    expect(await thingdrop([...download, '--force'])).toMatchObject({ code: 0 })
    expect(await readFile(file, 'utf8')).toBe(content)
    expect(await readdir(folder)).toEqual(['_=1+1 ü%41.csv'])
  })

  test('into a folder that is not there leaves nothing', async () => {
    const { stderr, code } = await thingdrop(['uploads', 'download', rows[0]?.key ?? '', '--out', at('no/where.csv')])
    expect(code).toBe(255)
    expect(stderr).toMatch(/^FILE_UNWRITABLE: .*ENOENT/)
  })

  test('by URL needs nothing but the URL', async () => {
    const { stdout } = await thingdrop(['uploads', 'download', rows[0]?.key ?? '', '--url', '--expires-in', '1m'])
    expect(await (await fetch(stdout.trim())).text()).toBe(content)
  })
})

test('an export has every row, and the next one goes on where it ended', async () => {
  const exported = await thingdrop(['uploads', 'export'])
  expect(exported.code).toBe(0)
  const records: Record<string, string>[] = parse(exported.stdout, { columns: true })
  expect(records).toHaveLength(3)
  expect(records.map(({ key }) => key)).toEqual(expect.arrayContaining(rows.map(({ key }) => key)))
  expect(await rowsOf('uploads', 'export', '--thing', 'press-1')).toEqual(rows)

  const [, until = ''] = /^3 uploads until (\S+)\n$/.exec(exported.stderr) ?? []
  const key = 'things/press-3/2026-03-01/0123456789abcdef-later.csv'
  await put(key)
  await eventually('its row', async () => (await cloud.operator.uploads.list({ thing: 'press-3' })).uploads.length > 0)
  expect(await rowsOf('uploads', 'export', '--since', until)).toMatchObject([{ key }])
})

test('tail --follow prints what comes, once, until it is interrupted', async () => {
  const interruption = new AbortController()
  const printed: string[] = []
  const keys = [1, 2, 3].map((number) => `things/press-4/2026-03-01/000000000000000${number}-${number}.csv`)
  await put(keys[0] ?? '')
  await eventually('a row', async () => (await cloud.operator.uploads.list({ thing: 'press-4' })).uploads.length > 0)
  const write = async (text: string) => {
    const next = keys[printed.push(...text.trim().split('\n'))]
    if (next === undefined) interruption.abort()
    else await put(next)
  }
  const follow = ['uploads', 'tail', '--follow', '--interval', '1s', '--thing', 'press-4', '--output', 'jsonl']
  const { code } = await thingdrop(follow, {
    stdout: { write, isTerminal: false, width: undefined, colours: false },
    onInterrupt: () => interruption.signal,
  })
  expect(code).toBe(0)
  expect(printed.map((line) => JSON.parse(line).key)).toEqual(keys)
})

test('files are counted, and things that sent none are listed', async () => {
  const day = rows[0]?.eventTime.slice(0, 10)
  const counted = await thingdrop(['stats', 'uploads', '--thing', 'press-1', '--output', 'csv'])
  expect(counted.stdout).toBe(
    `day,thingName,arrived,arrivedBytes,removed\r\n${day},press-1,2,${2 * content.length},0\r\n`,
  )
  expect(counted).toMatchObject({ stderr: `2 files, ${2 * content.length} B\n`, code: 0 })

  await eventually('its silence', async () => {
    const silent = await rowsOf('things', 'list', '--silent', '1s')
    return silent.some(({ thingName, lastUploadAt }) => thingName === 'press-1' && lastUploadAt !== undefined)
  })
  expect(await rowsOf('things', 'list', '--silent', '2d')).toEqual([])
})

test('a rebuild finds the row that is lost, mends the log, and then finds nothing', async () => {
  const tables = new DynamoDBClient(cloud.client())
  const TableName = cloud.output('UploadLogTable')
  const { Items = [] } = await tables.send(new ScanCommand({ TableName }))
  const lost = rows[0]?.key ?? ''
  for (const { thing, position, key } of Items) {
    if (thing === undefined || position === undefined || key?.S !== lost) continue
    await tables.send(new DeleteItemCommand({ TableName, Key: { thing, position } }))
  }
  const rebuild = ['uploads', 'rebuild', '--min-age', '0', '--output', 'jsonl']
  const found = await thingdrop(rebuild)
  expect(found).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/ compared: 1 missing; --write mends the log\n$/),
  })
  expect(JSON.parse(found.stdout)).toMatchObject({ kind: 'missing', event: 'created', key: lost })
  expect(await thingdrop([...rebuild, '--write'])).toMatchObject({ code: 0 })
  expect(await thingdrop(rebuild)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('has them all'),
  })
  expect(await rowsOf('uploads', 'list', '--thing', 'press-1')).toContainEqual(
    expect.objectContaining({ key: lost, rebuilt: true }),
  )
})
