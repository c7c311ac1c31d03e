import { readdirSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { beforeAll, expect, test } from 'vitest'
import { parseApiAnswer } from '../api-answer.ts'
import { retry } from '../retry.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { checkObjects } from '../testing/check-objects.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { createRandom, seed } from '../testing/random.ts'
import { createS3Sink, s3Error } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const refusals = [
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'SlowDown'],
  [503, 'ServiceUnavailable'],
] as const

function writeTestFiles(root: string) {
  const small = Array.from({ length: 60 }, (_, index) => [`small-${index}.csv`, index * 31] as const)
  return writeFiles(root, { ...Object.fromEntries(small), 'large.bin': 16 * 1024 ** 2 + 1 })
}

/** S3 and the credentials provider refuse such a share of what they are asked. */
async function createRefused() {
  const random = createRandom(seed)
  const share = { ofS3: 0, ofCredentials: 0 }
  let refused = 0
  const refuse = (response: ServerResponse) => {
    const [status, code] = refusals[Math.floor(random() * refusals.length)] ?? refusals[0]
    refused++
    response.writeHead(status).end(s3Error(code))
    return true
  }
  const sink = createS3Sink((_, response) => random() < share.ofS3 && refuse(response))
  const runtime = createLeapingRuntime(random)
  const interfere = (response: ServerResponse) => random() < share.ofCredentials && refuse(response)
  const device = await createFaultyDevice({ authority, server, s3: sink.handle, runtime, interfere })
  return { ...device, sink, runtime, share, refused: () => refused }
}

test.each([5, 30])(
  `everything arrives once while %d % of all requests are refused with 429, 500 or 503 (SEED=${seed})`,
  async (percent) => {
    const { dir, open, sink, runtime, share, refused } = await createRefused()
    share.ofS3 = percent / 100
    share.ofCredentials = percent / 100
    const root = temporaryFolder()
    const files = writeTestFiles(root)
    const device = open()
    // A refusal of the credentials provider is kept for two minutes: several in a row take longer than the usual time.
    const summary = await device.sync(root, {}, { timeoutMs: 3_600_000 })
    expect(summary).toMatchObject({ sent: files.length, failed: 0 })
    device.close()
    checkObjects(files, sink, dir)
    expect(runtime.waits.length).toBeGreaterThanOrEqual(percent === 30 ? 5 : 0)
    expect(refused()).toBeGreaterThanOrEqual(percent === 30 ? 5 : 0)
  },
)

test(`ends after its time while all requests are refused, keeps every file, and sends them later (SEED=${seed})`, async () => {
  const { dir, open, sink, runtime, share } = await createRefused()
  const root = temporaryFolder()
  const files = writeTestFiles(root)
  share.ofS3 = 1
  const first = open()
  await expect(first.sync(root, { deleteAfter: true }, { timeoutMs: 300_000 })).rejects.toMatchObject({
    code: 'UPLOAD_UNAVAILABLE',
    hint: expect.stringContaining('try again'),
  })
  first.close()
  // The longest wait is a minute, and the last one is not begun when it would end too late.
  expect(runtime.aheadMs()).toBeGreaterThan(239_000)
  expect(runtime.aheadMs()).toBeLessThanOrEqual(300_000)
  expect(readdirSync(root)).toHaveLength(files.length)
  expect(sink.objects.size).toBe(0)

  share.ofS3 = 0
  const second = open()
  expect(await second.sync(root, { deleteAfter: true })).toMatchObject({ sent: files.length, deleted: files.length })
  second.close()
  checkObjects(files, sink, dir)
  expect(readdirSync(root)).toEqual([])
})

test(`ends after its time while no credentials are given out, and sends later (SEED=${seed})`, async () => {
  const { dir, open, sink, runtime, share } = await createRefused()
  const root = temporaryFolder()
  const files = writeFiles(root, { 'a.csv': 1, 'b.csv': 2 })
  share.ofCredentials = 1
  const first = open()
  await expect(first.sync(root)).rejects.toMatchObject({
    code: expect.stringMatching(/^CREDENTIALS_(UNAVAILABLE|THROTTLED)$/),
  })
  first.close()
  expect(runtime.aheadMs()).toBeGreaterThan(239_000)

  share.ofCredentials = 0
  const second = open()
  expect(await second.sync(root)).toMatchObject({ sent: 2 })
  second.close()
  checkObjects(files, sink, dir)
})

test.each([7, 100_000])(
  'waits at least as long as S3 asks for, up to a quarter of an hour (Retry-After: %d)',
  async (asked) => {
    const runtime = createLeapingRuntime(createRandom(seed))
    const sink = createS3Sink((_, response, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': String(asked) }).end(s3Error('SlowDown'))
      return count === 1
    })
    const { dir, open } = await createFaultyDevice({ authority, server, s3: sink.handle, runtime })
    const files = writeFiles(temporaryFolder(), { 'a.csv': 1 })
    const device = open()
    await device.upload(files[0]?.path ?? '', { baseMs: 1, timeoutMs: 3_600_000 })
    device.close()
    const leastMs = Math.min(asked, 900) * 1000
    expect(runtime.waits).toHaveLength(1)
    expect(runtime.waits[0]).toBeGreaterThanOrEqual(leastMs)
    expect(runtime.waits[0]).toBeLessThanOrEqual(leastMs + 1)
    checkObjects(files, sink, dir)
  },
)

test.each([429, 503])('waits as long as what stands before the API asks for with %d', async (status) => {
  const answer = { status, headers: { 'retry-after': '7' }, body: '{"message":"Too Many Requests"}' }
  const codes = { refused: 'UPLOAD_DENIED', unavailable: 'UPLOAD_UNAVAILABLE' } as const
  const runtime = createLeapingRuntime(createRandom(seed))
  const ask = async (number: number) => (number === 1 ? parseApiAnswer(answer, 'api', () => undefined, codes) : 'done')
  expect(await retry(ask, runtime, { baseMs: 1, timeoutMs: 60_000 })).toBe('done')
  expect(runtime.waits).toEqual([expect.closeTo(7000, -1)])
})

test.each([
  ['at once', 0],
  ['after the provider was busy twice', 2],
])('fetches credentials that end in the middle of an upload anew, %s, and sends no part twice', async (_, busy) => {
  const runtime = createLeapingRuntime(createRandom(seed))
  const taken: (string | null)[] = []
  let isOver = false
  const sink = createS3Sink(({ headers, query }, response) => {
    isOver ||= query.get('partNumber') === '2'
    const isRefused = isOver && headers['x-amz-security-token'] === 't1'
    if (isRefused) response.writeHead(400).end(s3Error('ExpiredToken'))
    else if (query.has('partNumber')) taken.push(query.get('partNumber'))
    return isRefused
  })
  const { dir, open, sets } = await createFaultyDevice({
    authority,
    server,
    s3: sink.handle,
    runtime,
    interfere(response, count) {
      const isBusy = count > 1 && count <= 1 + busy
      if (isBusy) response.writeHead(503).end()
      return isBusy
    },
  })
  const root = temporaryFolder()
  const files = writeFiles(root, { 'large.bin': 32 * 1024 ** 2 + 1, 'a.csv': 1, 'b.csv': 2, 'c.csv': 3 })
  const device = open()
  expect(await device.sync(root)).toMatchObject({ sent: files.length, failed: 0 })
  device.close()
  checkObjects(files, sink, dir)
  expect(taken.sort()).toEqual(['1', '2', '3'])
  expect(sets()).toBe(2)
  expect(sink.requests.filter(({ query }) => query.has('uploads'))).toHaveLength(1)
  if (busy === 0) expect(runtime.waits).toEqual([])
  expect(readdirSync(root)).toHaveLength(files.length)
})
