import { randomBytes } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from '../device.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { createHastyRuntime } from '../testing/enrolled-device.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createUploadDevice } from '../testing/upload-device.ts'
import type { ObjectOptions } from './object-options.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

type Interfere = Parameters<typeof createS3Sink>[0]

async function createCompressing(objects: ObjectOptions, interfere?: Interfere) {
  const s3 = createS3Sink(interfere)
  const { dir } = await createUploadDevice(authority, server, s3.handle)
  const open = () => createDevice({ dir, objects, runtime: createHastyRuntime() })
  return { s3, dir, open, device: open(), folder: temporaryFolder() }
}

/** Compresses to a half, and is larger than what is compressed in memory. */
function largeContent(): Buffer {
  return Buffer.concat([randomBytes(20 * 1024 ** 2), Buffer.alloc(20 * 1024 ** 2)])
}

test.each([
  ['gzip', '.gz', 'application/gzip', gunzipSync],
  ['zstd', '.zst', 'application/zstd', zstdDecompressSync],
] as const)(
  'sends files as %s under a name that says so, but not what is compressed already',
  async (compress, suffix, type, decompress) => {
    const { s3, device, folder } = await createCompressing({ compress })
    const content = Buffer.from('a,b\n'.repeat(1000))
    writeFileSync(join(folder, 'a.csv'), content)
    writeFileSync(join(folder, 'b.jpg'), 'picture')
    const { key } = await device.upload(join(folder, 'a.csv'))
    expect(key).toMatch(new RegExp(`-a\\.csv\\${suffix}$`))
    expect(s3.requests[0]?.headers['content-type']).toBe(type)
    const [stored = Buffer.alloc(0)] = s3.objects.values()
    expect(stored.length).toBeLessThan(100)
    expect(decompress(stored)).toEqual(content)
    expect((await device.upload(join(folder, 'b.jpg'))).key).toMatch(/-b\.jpg$/)
    expect(await device.upload(join(folder, 'a.csv'))).toMatchObject({ outcome: 'present', key })
    device.close()
  },
)

test('goes on with the parts of what it compressed, and removes that in the end', async () => {
  let isCut = false
  const ending = new AbortController()
  const { s3, dir, device, open, folder } = await createCompressing({ compress: 'gzip' }, ({ query }) => {
    if (query.get('partNumber') === '2' && !isCut) {
      isCut = true
      ending.abort()
    }
    return false
  })
  const content = largeContent()
  const path = join(folder, 'big.log')
  writeFileSync(path, content)
  await expect(device.upload(path, { signal: ending.signal })).rejects.toThrow()
  device.close()
  expect(readdirSync(join(dir, 'compressed'))).toHaveLength(1)
  const again = open()
  await again.upload(path)
  again.close()
  expect([...s3.objects.values()].map((object) => gunzipSync(object).equals(content))).toEqual([true])
  expect(s3.requests.filter(({ query }) => query.has('uploads'))).toHaveLength(1)
  expect(s3.requests.filter(({ query }) => query.get('partNumber') === '1')).toHaveLength(1)
  expect(readdirSync(join(dir, 'compressed'))).toEqual([])
})

test('makes no object of a file that changes while it is sent compressed', async () => {
  const path = join(temporaryFolder(), 'big.log')
  const { s3, device, dir } = await createCompressing({ compress: 'gzip' }, ({ query }) => {
    if (query.get('partNumber') === '1') appendFileSync(path, 'more')
    return false
  })
  writeFileSync(path, largeContent())
  await expect(device.upload(path)).rejects.toMatchObject({ code: 'FILE_CHANGED' })
  expect(s3.objects.size).toBe(0)
  expect(readdirSync(join(dir, 'compressed'))).toEqual([])
  device.close()
})

test('a sync removes what was compressed a week ago and not gone on with', async () => {
  const { dir, device, folder } = await createCompressing({ compress: 'gzip' })
  writeFileSync(join(folder, 'big.log'), largeContent())
  await device.sync(folder)
  const [fresh, stale] = ['901.gz', '902.gz'].map((name) => join(dir, 'compressed', name)) as [string, string]
  for (const path of [fresh, stale]) writeFileSync(path, 'x')
  const longAgo = statSync(stale).mtimeMs / 1000 - 8 * 86_400
  utimesSync(stale, longAgo, longAgo)
  await device.sync(folder)
  expect([existsSync(fresh), existsSync(stale)]).toEqual([true, false])
  device.close()
})
