import { createHash, createHmac } from 'node:crypto'
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { HttpRequest } from '@smithy/protocol-http'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Credentials } from '#device/index.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { registerDevice, type TestDevice } from './test-device.ts'

let cloud: TestCloud
let press1: TestDevice
let key: string
let credentials: Credentials
let s3: S3Client
let Bucket: string

beforeAll(async () => {
  cloud = await startTestCloud()
  press1 = await registerDevice(cloud, 'press-1')
  await registerDevice(cloud, 'press-10')
  const uploaded = await press1.device.upload(await press1.file('a.csv', 'a,b\n1,2\n'))
  key = uploaded.key
  credentials = await press1.device.credentials()
  s3 = new S3Client(cloud.client(credentials))
  Bucket = cloud.output('BucketName')
})
afterAll(async () => {
  press1?.device.close()
  await cloud?.close()
})

const denied = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }

test('a device writes below its own prefix', async () => {
  await s3.send(new PutObjectCommand({ Bucket, Key: 'things/press-1/x.bin', Body: 'x', IfNoneMatch: '*' }))
})

test.each([
  'things/press-10/x',
  'things/press-2/x',
  'things/press-1',
  'x',
  'things/press-1/../press-10/x',
  'things//x',
])('it does not write %s', async (Key) => {
  const put = s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', IfNoneMatch: '*' }))
  // S3 takes a key with `..` as it is: below the device's own prefix, and nowhere else.
  if (Key.startsWith('things/press-1/')) {
    await put
    const other = new GetObjectCommand({ Bucket, Key: 'things/press-10/x' })
    await expect(new S3Client(cloud.client()).send(other)).rejects.toMatchObject({ name: 'NoSuchKey' })
  } else await expect(put).rejects.toMatchObject(denied)
})

test('it does not overwrite: not with the condition, and not without', async () => {
  const put = { Bucket, Key: key, Body: 'other' }
  await expect(s3.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }))).rejects.toMatchObject({
    name: 'PreconditionFailed',
    $metadata: { httpStatusCode: 412 },
  })
  await expect(s3.send(new PutObjectCommand(put))).rejects.toMatchObject(denied)
})

test('it does not read, list, copy or delete, its own files neither', async () => {
  const CopySource = `${Bucket}/${key}`
  const attempts = [
    () => s3.send(new GetObjectCommand({ Bucket, Key: key })),
    () => s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'things/press-1/' })),
    () => s3.send(new ListObjectVersionsCommand({ Bucket })),
    () => s3.send(new DeleteObjectCommand({ Bucket, Key: key })),
    () => s3.send(new CopyObjectCommand({ Bucket, Key: 'things/press-1/copy', CopySource, IfNoneMatch: '*' })),
  ]
  for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(denied)
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: key }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 403 },
  })
})

test('a device cannot call the operators’ API, nor make a claim', async () => {
  const signer = new SignatureV4({
    service: 'execute-api',
    region: cloud.cloud.region,
    credentials,
    sha256: sha256Constructor(),
  })
  const { hostname, port, host } = new URL(cloud.output('ApiUrl'))
  const signed = await signer.sign(
    new HttpRequest({
      method: 'GET',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: '/v1/things',
      headers: { host },
    }),
  )
  const answer = await fetch(`${cloud.output('ApiUrl')}/v1/things`, { headers: signed.headers })
  expect(answer.status).toBe(403)
  expect(await answer.json()).toEqual({ message: 'Forbidden' })
})

test('without a signature the operators’ API answers 403', async () => {
  const answer = await fetch(`${cloud.output('ApiUrl')}/v1/uploads`)
  expect(answer.status).toBe(403)
})

test('a wrong secret, a wrong key and a foreign token are refused as S3 words it', async () => {
  const put = new PutObjectCommand({ Bucket, Key: 'things/press-1/y', Body: 'x', IfNoneMatch: '*' })
  const putAs = (other: Parameters<TestCloud['client']>[0]) => new S3Client(cloud.client(other)).send(put)
  await expect(putAs({ ...credentials, secretAccessKey: 'x'.repeat(40) })).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
    $metadata: { httpStatusCode: 403 },
  })
  const { secretAccessKey } = credentials
  await expect(putAs({ accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey })).rejects.toMatchObject({
    name: 'InvalidAccessKeyId',
    $metadata: { httpStatusCode: 403 },
  })
  // S3's error list gives this one the status 400.
  await expect(putAs({ ...credentials, sessionToken: 'x' })).rejects.toMatchObject({
    name: 'InvalidToken',
    $metadata: { httpStatusCode: 400 },
  })
})

test('a signature that is too old, and one that was made for another key, are refused', async () => {
  const old = await sendSigned({ path: 'things/press-1/z', signingDate: new Date(Date.now() - 16 * 60_000) })
  expect(old.status).toBe(403)
  expect(await old.text()).toContain('<Code>RequestTimeTooSkewed</Code>')
  const moved = await sendSigned({ path: 'things/press-1/z', sendTo: 'things/press-1/zz', signingDate: new Date() })
  expect(moved.status).toBe(403)
  expect(await moved.text()).toContain('<Code>SignatureDoesNotMatch</Code>')
})

test('the log has what arrived, once, and nothing that was refused', async () => {
  const uploads = await eventually('three rows', async () => {
    const page = await cloud.operator.uploads.list({ thing: 'press-1' })
    return page.uploads.length >= 3 && page.uploads
  })
  expect(uploads.map((upload) => upload.key).sort()).toEqual(
    [key, 'things/press-1/../press-10/x', 'things/press-1/x.bin'].sort(),
  )
})

async function sendSigned(request: { path: string; sendTo?: string; signingDate: Date }): Promise<Response> {
  const { hostname, port, host } = new URL(cloud.cloud.endpoints.gateway)
  const signer = new SignatureV4({
    service: 's3',
    region: cloud.cloud.region,
    credentials,
    sha256: sha256Constructor(),
    uriEscapePath: false,
  })
  const { headers } = await signer.sign(
    new HttpRequest({
      method: 'PUT',
      protocol: 'http:',
      hostname,
      port: Number(port),
      path: `/${Bucket}/${request.path}`,
      headers: { host, 'if-none-match': '*' },
      body: 'x',
    }),
    { signingDate: request.signingDate },
  )
  return fetch(`http://${host}/${Bucket}/${request.sendTo ?? request.path}`, { method: 'PUT', headers, body: 'x' })
}

/** SHA-256 as @smithy/signature-v4 wants it. */
function sha256Constructor() {
  return class {
    readonly #hash
    constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
      this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(secret as Uint8Array))
    }
    update(data: string | Uint8Array): void {
      this.#hash.update(data)
    }
    async digest(): Promise<Uint8Array> {
      return this.#hash.digest()
    }
  } as never
}
