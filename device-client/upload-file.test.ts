import { appendFileSync, mkdtempSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { createS3Sink, s3Error } from './testing/s3.ts'
import { listen, startHttp, startHttps } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const mebibyte = 1024 * 1024
let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

/** A device whose credentials are numbered, and whose S3 is the sink. */
async function createUploader(s3: RequestListener | { readonly s3Endpoint: string }) {
  const now = new Date('2024-05-01T23:59:59Z')
  let sets = 0
  const credentialsEndpoint = await startHttps(server, (_, response) => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString()
    response.setHeader('date', now.toUTCString())
    const credentials = { accessKeyId: `A${++sets}`, secretAccessKey: 's', sessionToken: `t${sets}`, expiration }
    response.end(JSON.stringify({ credentials }))
  })
  const s3Endpoint =
    typeof s3 !== 'function'
      ? s3.s3Endpoint
      : `https://${await startHttps(server, (request, response) => s3(request, response.setHeader('date', now.toUTCString())))}`
  const waits: number[] = []
  const identity = await authority.issueDevice('press-7', { notBefore: new Date('2024-01-01') })
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint }, identity)
  const runtime = { ...createHastyRuntime(waits), clock: () => now }
  return { device: createDevice({ dir, runtime }), waits, sets: () => sets }
}

function createFile(content: string | Buffer, name = 'readings.csv'): string {
  const path = join(mkdtempSync(join(temporaryFolder(), 'x')), name)
  writeFileSync(path, content)
  return path
}

test.each([
  ['https', 0],
  ['https', 4096],
  ['https', mebibyte],
  ['https', mebibyte + 1],
  ['https', 5 * mebibyte],
  ['http', 4096],
  ['http', 5 * mebibyte],
] as const)('sends over %s %d bytes, with checksum and condition', async (over, sizeBytes) => {
  const sink = createS3Sink()
  const { device } = await createUploader(over === 'https' ? sink.handle : { s3Endpoint: await startHttp(sink.handle) })
  const content = Buffer.alloc(sizeBytes, 'some readings\n')
  const uploaded = await device.upload(createFile(content))
  expect(uploaded).toMatchObject({
    sizeBytes,
    key: expect.stringMatching(/^things\/press-7\/2024-05-01\/[0-9a-f]{16}-readings\.csv$/),
  })
  expect(sink.objects.get(`/files/${uploaded.key}`)?.equals(content)).toBe(true)
  expect(sink.requests[0]?.headers).toMatchObject({
    'if-none-match': '*',
    'content-type': 'text/csv',
    'x-amz-security-token': 't1',
    authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=A1\/20240501\/us-east-1\/s3\/aws4_request, /),
  })
  device.close()
})

test.each(['a b+c%2F&=?#.txt', 'größe 🚀.bin', "it's (1)*!.csv", '~'])(
  'sends a file named %s under that name',
  async (name) => {
    const sink = createS3Sink()
    const { device } = await createUploader(sink.handle)
    const { key } = await device.upload(createFile('x', name))
    expect(key.endsWith(`-${name}`)).toBe(true)
    expect([...sink.objects.keys()].map(decodeURIComponent)).toEqual([`/files/${key}`])
    device.close()
  },
)

test.each([
  [500, 'InternalError'],
  [503, 'SlowDown'],
  [429, 'TooManyRequests'],
  [409, 'ConditionalRequestConflict'],
  [400, 'RequestTimeout'],
  [400, 'BadDigest'],
])('tries again after %d %s, under the same key', async (status, code) => {
  const sink = createS3Sink((_, response, count) => {
    if (count < 3) response.writeHead(status).end(s3Error(code))
    return count < 3
  })
  const { device, waits } = await createUploader(sink.handle)
  await device.upload(createFile('x'))
  expect(waits).toHaveLength(2)
  expect(new Set(sink.requests.map((put) => put.url)).size).toBe(1)
  expect(sink.objects.size).toBe(1)
  device.close()
})

test.each([4096, 3 * mebibyte])('settles a lost answer for %d bytes without a second object', async (sizeBytes) => {
  const sink = createS3Sink((put, response, count) => {
    if (count > 1) return false
    sink.objects.set(put.url, put.content)
    response.socket?.destroy()
    return true
  })
  const { device } = await createUploader(sink.handle)
  const { key } = await device.upload(createFile(Buffer.alloc(sizeBytes)))
  expect([...sink.objects.keys()]).toEqual([`/files/${key}`])
  expect(sink.requests).toHaveLength(2)
  device.close()
})

test('takes a key that exists for its own: nobody else can know it', async () => {
  const { device } = await createUploader((request, response) =>
    request.resume().on('end', () => response.writeHead(412).end(s3Error('PreconditionFailed'))),
  )
  const path = createFile('x')
  const { key } = await device.upload(path)
  expect(await device.upload(path)).toMatchObject({ outcome: 'present', key })
})

test('fetches new credentials once when S3 calls them expired', async () => {
  const sink = createS3Sink((put, response) => {
    if (put.headers['x-amz-security-token'] === 't2') return false
    response.writeHead(400).end(s3Error('ExpiredToken'))
    return true
  })
  const { device, sets, waits } = await createUploader(sink.handle)
  await device.upload(createFile('x'))
  await device.upload(createFile('y'))
  expect(sets()).toBe(2)
  expect(waits).toEqual([])

  const never = await createUploader((_, response) => response.writeHead(400).end(s3Error('ExpiredToken')))
  await expect(never.device.upload(createFile('x'))).rejects.toMatchObject({ code: 'CREDENTIALS_EXPIRED' })
  expect(never.sets()).toBe(2)
})

test.each([
  [403, 'AccessDenied', 'UPLOAD_DENIED'],
  [403, 'SignatureDoesNotMatch', 'UPLOAD_REFUSED'],
  [404, 'NoSuchBucket', 'BUCKET_MISSING'],
  [501, 'NotImplemented', 'UPLOAD_REFUSED'],
])('gives up at once on %d %s', async (status, s3Code, code) => {
  let requests = 0
  const { device } = await createUploader((request, response) => {
    requests++
    request.resume().on('end', () => response.writeHead(status).end(s3Error(s3Code)))
  })
  const failure = await device.upload(createFile('x')).catch((error) => error)
  expect(failure).toMatchObject({ code })
  expect(failure.message).toContain(`S3 answered ${status} ${s3Code}: about "${s3Code}"`)
  expect(requests).toBe(1)
})

test('takes a refusal that comes while the file is being sent', async () => {
  const { device } = await createUploader((_, response) => response.writeHead(403).end(s3Error('AccessDenied')))
  await expect(device.upload(createFile(Buffer.alloc(16 * mebibyte)))).rejects.toMatchObject({ code: 'UPLOAD_DENIED' })
})

test('sends no byte of a large file that S3 refuses by its headers', async () => {
  let bytes = 0
  const s3 = createServer()
  s3.on('checkContinue', (request, response) => {
    request.on('data', (chunk) => {
      bytes += chunk.length
    })
    response.writeHead(403).end(s3Error('AccessDenied'))
  })
  const s3Endpoint = `http://127.0.0.1:${await listen(s3)}`
  const { device } = await createUploader({ s3Endpoint })
  await expect(device.upload(createFile(Buffer.alloc(2 * mebibyte)))).rejects.toMatchObject({ code: 'UPLOAD_DENIED' })
  expect(bytes).toBe(0)
})

test('makes no object of a file that changes while it is sent', async () => {
  const path = createFile(Buffer.alloc(16 * mebibyte))
  let completed = 0
  const { device } = await createUploader((request, response) => {
    request.once('data', () => appendFileSync(path, 'more'))
    request.on('error', () => {})
    request.on('end', () => {
      completed++
      response.end()
    })
  })
  await expect(device.upload(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  expect(completed).toBe(0)
})

test('refuses a file above 5 TiB without a request', async () => {
  const sink = createS3Sink()
  const { device } = await createUploader(sink.handle)
  const path = createFile('')
  truncateSync(path, 5 * 1024 ** 4 + 1)
  await expect(device.upload(path)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' })
  expect(sink.requests).toEqual([])
})
