import { hash, randomBytes } from 'node:crypto'
import { appendFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDeviceProcess } from '../device-client/testing/device-process.ts'
import { programs } from './bundle.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'

const seed = Number(process.env.SEED ?? randomBytes(4).readUInt32LE())
const mebibyte = 1024 ** 2
let cloud: TestCloud
let press: TestDevice
let s3: S3Client
let Bucket: string

beforeAll(async () => {
  cloud = await startTestCloud()
  press = await registerDevice(cloud, 'press-1')
  s3 = new S3Client(cloud.client())
  Bucket = cloud.output('BucketName')
})
afterAll(async () => {
  press?.device.close()
  await cloud?.close()
})

async function createFolder(name: string, files: Readonly<Record<string, Buffer>>): Promise<string> {
  const root = join(cloud.stateDir, name)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(root, path, '..'), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

function fingerprints(files: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [path, hash('sha256', content)]))
}

/** Fingerprints of every version of every object that lay below a folder of that name. */
async function readObjects(marker: string): Promise<Record<string, string>> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  expect(DeleteMarkers).toEqual([])
  const objects: Record<string, Uint8Array> = {}
  for (const { Key } of Versions) {
    const { Body, Metadata } = await s3.send(new GetObjectCommand({ Bucket, Key }))
    const path = decodeURIComponent(Metadata?.path ?? '')
    const content = (await Body?.transformToByteArray()) ?? new Uint8Array()
    if (!path.startsWith(`${marker}/`)) continue
    expect(objects[path]?.length, `a second object of ${path}, seed ${seed}`).toBeUndefined()
    objects[path] = content
  }
  return fingerprints(objects)
}

test('syncs with what the policy of a device allows: whole files and parts, each once', async () => {
  const files = {
    'plain/größe 1%.txt': Buffer.from('text'),
    'plain/empty': Buffer.alloc(0),
    // In three parts.
    'plain/big': randomBytes(33 * mebibyte),
  }
  const root = await createFolder('plain-sync', files)
  const keys: Record<string, string> = {}
  const summary = await press.device.sync(root, {
    onFile: (file) => {
      if (file.outcome === 'sent') keys[file.path] = file.key
    },
  })
  expect(summary).toMatchObject({ sent: 3, failed: 0 })
  expect(await readObjects('plain')).toEqual(fingerprints(files))
  const head = new HeadObjectCommand({ Bucket, Key: keys['plain/big'], ChecksumMode: 'ENABLED' })
  expect(await s3.send(head)).toMatchObject({ ChecksumType: 'FULL_OBJECT', ChecksumCRC32: expect.any(String) })
  expect(await press.device.sync(root)).toMatchObject({ sent: 0, present: 3 })
})

test('takes back the parts of a file that changed', async () => {
  const root = await createFolder('changing', { 'changing/big': randomBytes(17 * mebibyte) })
  const path = join(root, 'changing/big')
  const onBytes = () => appendFileSync(path, 'x')
  expect(await press.device.sync(root, { onBytes })).toMatchObject({ sent: 0, failed: 1 })
  expect((await s3.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []).toEqual([])
  expect(await press.device.sync(root)).toMatchObject({ sent: 1, failed: 0 })
  expect(await readObjects('changing')).toEqual(fingerprints({ 'changing/big': await readFile(path) }))
})

test(`killed at random moments (seed ${seed}), a sync leaves each file once in S3, and none here`, {
  timeout: 240_000,
}, async () => {
  const random = createRandom(seed)
  const small = Array.from({ length: 150 }, (_, index) => [`killed/${index % 7}/${index}`, Buffer.from(`${index}`)])
  const files: Record<string, Buffer> = { ...Object.fromEntries(small), 'killed/big': randomBytes(17 * mebibyte) }
  const root = await createFolder('killed-sync', files)
  let kills = 0
  for (let code: number | null = null; code !== 0; ) {
    const args = ['sync', root, '--delete-after', '--dir', press.dir]
    const { child, ended } = startDeviceProcess(args, {}, [], programs['thingdrop-device'])
    const isOver = new AbortController()
    const killing =
      kills < 8 ? wait(200 + random() * 600, undefined, isOver).then(() => child.kill('SIGKILL')) : undefined
    const result = await ended
    isOver.abort()
    await killing?.catch(() => {})
    code = result.code
    if (code === null) kills++
    else expect(code, result.stderr).toBe(0)
  }
  expect(kills).toBeGreaterThan(0)
  expect(await readObjects('killed')).toEqual(fingerprints(files))
  const left = (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  expect(left).toEqual([])
  await rm(root, { recursive: true })
})

/** mulberry32 */
function createRandom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
