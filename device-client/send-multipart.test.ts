import { randomBytes } from 'node:crypto'
import { appendFileSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { createS3Sink, type ReceivedRequest, s3Error } from './testing/s3.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { createUploadDevice } from './testing/upload-device.ts'

const mebibyte = 1024 * 1024
let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

/** Three parts, the last of one byte. */
const content = Buffer.alloc(32 * mebibyte + 1, randomBytes(1021))

function createFile(bytes = content): string {
  const path = join(temporaryFolder(), 'film.mp4')
  writeFileSync(path, bytes)
  return path
}

const isPart = ({ query }: ReceivedRequest, number?: number) =>
  number === undefined ? query.has('partNumber') : query.get('partNumber') === String(number)
const isCompletion = ({ method, query }: ReceivedRequest) => method === 'POST' && query.has('uploadId')

async function createUploader(interfere?: Parameters<typeof createS3Sink>[0]) {
  const sink = createS3Sink(interfere)
  const device = await createUploadDevice(authority, server, sink.handle)
  const parts = () => sink.requests.filter((request) => isPart(request)).length
  return { ...device, sink, parts }
}

test('sends a file above 16 MiB in parts, as one object with the checksum of the whole', async () => {
  const { open, sink, parts } = await createUploader()
  const device = open()
  const path = createFile()
  const { key, sizeBytes } = await device.upload(path)
  expect(sizeBytes).toBe(content.length)
  expect(sink.objects.get(`/files/${key}`)?.equals(content)).toBe(true)
  expect(parts()).toBe(3)
  expect(sink.requests[0]?.headers).toMatchObject({ 'content-type': 'video/mp4', 'x-amz-checksum-algorithm': 'CRC32' })
  expect(sink.uploads.size).toBe(0)
  expect(await device.upload(path)).toMatchObject({ outcome: 'present', key })
  expect(sink.requests).toHaveLength(5)
  device.close()
})

test('goes on in another process with the same upload, and sends no finished part again', async () => {
  const down = { is: true }
  const { open, sink, parts } = await createUploader((request, response) => {
    const isRefused = down.is && isPart(request, 3)
    if (isRefused) response.writeHead(503).end(s3Error('SlowDown'))
    return isRefused
  })
  const path = createFile()
  const first = open()
  await expect(first.upload(path, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'UPLOAD_UNAVAILABLE' })
  first.close()
  down.is = false
  const finishedAt = sink.requests.length
  const second = open()
  const { key } = await second.upload(path)
  expect(sink.requests.slice(finishedAt).map(({ query }) => query.get('partNumber'))).toEqual(['3', null])
  expect(parts()).toBe(4)
  expect(sink.objects.get(`/files/${key}`)?.equals(content)).toBe(true)
  second.close()
})

test.each([
  ['says that the object exists', 412],
  ['no longer knows the upload', 404],
])('settles a lost answer to the completion when S3 %s', async (_, status) => {
  const { open, sink } = await createUploader((request) => {
    if (!isCompletion(request)) return false
    if (status === 404) sink.objects.delete(request.path)
    return sink.requests.filter(isCompletion).length === 1 ? 'lose' : false
  })
  const device = open()
  const { key } = await device.upload(createFile())
  expect(sink.requests.filter(isCompletion)).toHaveLength(2)
  if (status === 412) expect([...sink.objects.keys()]).toEqual([`/files/${key}`])
  device.close()
})

test('begins anew under the same key when S3 has removed the upload', async () => {
  let removed = false
  const { open, sink } = await createUploader((request) => {
    if (isPart(request, 2) && !removed) {
      removed = true
      sink.uploads.clear()
    }
    return false
  })
  const device = open()
  const { key } = await device.upload(createFile())
  expect(sink.objects.get(`/files/${key}`)?.equals(content)).toBe(true)
  expect(new Set(sink.requests.map(({ path }) => path)).size).toBe(1)
  expect(sink.requests.filter(({ query }) => query.has('uploads'))).toHaveLength(2)
  device.close()
})

test('takes an upload that is gone before its completion was asked for for no proof', async () => {
  let removed = false
  const { open, sink } = await createUploader((request) => {
    if (isCompletion(request) && !removed) {
      removed = true
      sink.uploads.clear()
    }
    return false
  })
  const device = open()
  const { key } = await device.upload(createFile())
  expect(sink.objects.get(`/files/${key}`)?.equals(content)).toBe(true)
  device.close()
})

test('makes no object of a file that changes in the middle, takes its parts back, and plans it anew', async () => {
  const path = createFile()
  let isChanged = false
  const { open, sink } = await createUploader((request) => {
    if (isPart(request, 1) && !isChanged) appendFileSync(path, 'more')
    isChanged ||= isPart(request, 1)
    return false
  })
  const device = open()
  await expect(device.upload(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  expect(sink.requests.filter(isCompletion)).toEqual([])
  expect(sink.requests.at(-1)?.method).toBe('DELETE')
  expect(sink.uploads.size).toBe(0)
  const { key } = await device.upload(path)
  expect(sink.objects.get(`/files/${key}`)?.equals(Buffer.concat([content, Buffer.from('more')]))).toBe(true)
  expect(new Set(sink.requests.map((request) => request.path)).size).toBe(2)
  device.close()
})

test('makes no object of a file that is written in place after its last part was read', async () => {
  const path = createFile()
  const { open, sink } = await createUploader((request) => {
    if (isPart(request, 3)) writeSync(openSync(path, 'r+'), 'x')
    return false
  })
  const device = open()
  await expect(device.upload(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  expect(sink.objects.size).toBe(0)
  device.close()
})

test.each(['ExpiredToken', 'AccessDenied'])('fetches new credentials once for %s in the middle', async (code) => {
  const { open, sink, sets, waits } = await createUploader(({ headers, query }, response) => {
    const hasEnded = headers['x-amz-security-token'] === 't1' && Number(query.get('partNumber')) > 1
    if (hasEnded) response.writeHead(403).end(s3Error(code))
    return hasEnded
  })
  const device = open()
  const { key } = await device.upload(createFile())
  expect(sink.objects.get(`/files/${key}`)?.equals(content)).toBe(true)
  expect(sets()).toBe(2)
  expect(waits).toEqual([])
  device.close()
})

test('gets through a link that is cut and an S3 that refuses every third request', async () => {
  const seed = Number(process.env.SEED ?? randomBytes(4).readUInt32LE())
  const random = createRandom(seed)
  const { open, sink, waits } = await createUploader((_, response) => {
    const luck = random()
    if (luck < 0.3) response.writeHead(503).end(s3Error('SlowDown'))
    else if (luck < 0.4) response.socket?.destroy()
    if (luck < 0.4) return true
    return luck < 0.5 ? 'lose' : false
  })
  const device = open()
  const paths = [createFile(), ...Array.from({ length: 20 }, (_, index) => createFile(Buffer.from(`small ${index}`)))]
  const keys = await Promise.all(paths.map(async (path) => (await device.upload(path)).key))
  expect([...sink.objects.keys()].sort(), `SEED=${seed}`).toEqual(keys.map((key) => `/files/${key}`).sort())
  expect(sink.objects.get(`/files/${keys[0]}`)?.equals(content), `SEED=${seed}`).toBe(true)
  expect(waits.length).toBeGreaterThan(3)
  device.close()
})

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
