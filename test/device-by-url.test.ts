import { hash, randomBytes } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer, request as requestHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { DescribeRoleAliasCommand, IoTClient } from '@aws-sdk/client-iot'
import { GetObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDevice, type Device } from '#device/index.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'

let cloud: TestCloud
let press: TestDevice
let device: Device
let folder: string
let s3: S3Client
let Bucket: string
/** Answers of the API that are cut off, by the end of their path. */
const cut = new Set<string>()
const api = createServer((request, response) => {
  const { method = '', url = '', headers } = request
  const forwarded = requestHttp(cloud.output('ApiUrl') + url, { method, headers }, (answer) => {
    const end = [...cut].find((path) => url.split('?')[0]?.endsWith(path))
    if (end !== undefined && cut.delete(end)) return void response.destroy()
    response.writeHead(answer.statusCode ?? 500, answer.headers)
    answer.pipe(response)
  })
  request.pipe(forwarded)
})

beforeAll(async () => {
  cloud = await startTestCloud()
  press = await registerDevice(cloud, 'press-1')
  s3 = new S3Client(cloud.client())
  Bucket = cloud.output('BucketName')
  await takeS3Away()
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const path = join(press.dir, 'device.json')
  const apiUrl = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), apiUrl }))
  folder = join(cloud.stateDir, 'files')
  await mkdir(folder)
  device = createDevice({ dir: press.dir, via: 'url' })
})
afterAll(async () => {
  device?.close()
  press?.device.close()
  api.close()
  await cloud?.close()
})

/** Leaves the devices' role what calls the API, and nothing of S3. */
async function takeS3Away(): Promise<void> {
  const iam = new IAMClient(cloud.client())
  const iot = new IoTClient(cloud.client())
  const { roleAliasDescription } = await iot.send(
    new DescribeRoleAliasCommand({ roleAlias: cloud.output('RoleAlias') }),
  )
  const RoleName = roleAliasDescription?.roleArn?.split('/').at(-1)
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
    const policy = JSON.parse(decodeURIComponent(PolicyDocument)) as { Statement: { Action: string | string[] }[] }
    const Statement = policy.Statement.filter(
      ({ Action }) => ![Action].flat().some((action) => action.startsWith('s3:')),
    )
    const narrowed = JSON.stringify({ ...policy, Statement })
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: narrowed }))
  }
}

function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function read(key: string) {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }))
  return hash('sha256', (await Body?.transformToByteArray()) ?? '')
}

async function versionsBelow(name: string) {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }))
  return Versions.filter(({ Key }) => Key?.endsWith(name))
}

test('files go by URL where the role gives no S3', async () => {
  await expect(press.device.upload(put('straight', 'x'), { timeoutMs: 0 })).rejects.toMatchObject({
    code: 'UPLOAD_DENIED',
  })
  const files = { 'größe 1%.csv': randomBytes(2_000_000), empty: Buffer.alloc(0), 'small.json': Buffer.from('{}') }
  for (const [name, content] of Object.entries(files)) {
    const { key, outcome } = await device.upload(put(name, content))
    expect(outcome).toBe('sent')
    expect(key).toMatch(new RegExp(`^things/press-1/[\\d-]{10}/[0-9a-f]{16}-${name}$`))
    expect(await read(key)).toBe(hash('sha256', content))
    expect(await device.upload(join(folder, name))).toMatchObject({ outcome: 'present', key })
  }
})

test('an answer that is lost makes no second object', async () => {
  cut.add('/uploads')
  const { key } = await device.upload(put('lost.bin', randomBytes(1000)), { baseMs: 1 })
  expect(cut.size).toBe(0)
  expect(await versionsBelow('lost.bin')).toMatchObject([{ Key: key }])
})

test('large files go in parts, on from where they were cut short, and are completed once', async () => {
  const path = put('large.bin', randomBytes(1_000_000))
  truncateSync(path, 104 * 1024 ** 2 + 7)
  const ending = new AbortController()
  let first = 0
  const begun = device.sync(
    folder,
    {
      include: ['large.bin'],
      onBytes(count) {
        first += count
        ending.abort()
      },
    },
    { signal: ending.signal },
  )
  await expect(begun).rejects.toThrow()
  expect(first).toBeGreaterThan(0)
  device.close()

  device = createDevice({ dir: press.dir, via: 'url' })
  let rest = 0
  cut.add('/complete')
  const keys: string[] = []
  const summary = await device.sync(
    folder,
    {
      include: ['large.bin'],
      onBytes: (count) => (rest += count),
      onFile: (file) => 'key' in file && keys.push(file.key),
    },
    { baseMs: 1 },
  )
  expect(summary).toMatchObject({ sent: 1, failed: 0 })
  expect(cut.size).toBe(0)
  expect(first + rest).toBe(104 * 1024 ** 2 + 7)
  expect(await read(keys[0] ?? '')).toBe(hash('sha256', readFileSync(path)))
  expect(await versionsBelow('large.bin')).toHaveLength(1)
})
