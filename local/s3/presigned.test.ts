import { Agent } from 'node:http'
import type { LookupFunction } from 'node:net'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { HttpRequest } from '@smithy/protocol-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSigner } from '#local/gateway/sigv4/signer-fixture.ts'
import { type S3Fixture, startS3 } from './s3-fixture.ts'

const Bucket = 'presigned'
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => s3.stop())

async function presign(method: string, key: string, { query = {}, headers = {} } = {}): Promise<string> {
  const { hostname, port } = new URL(s3.endpoint)
  const path = `/${Bucket}/${key}`
  const request = new HttpRequest({
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path,
    query,
    headers: { host: `${hostname}:${port}`, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
  })
  const signer = createSigner({ service: 's3', region: 'us-east-1', credentials: s3.credentials })
  const signed = await signer.presign(request, { expiresIn: 60, unhoistableHeaders: new Set(['if-none-match']) })
  const parameters = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
  )
  return `${s3.endpoint}${path}?${parameters.join('&')}`
}

const code = async (response: Response) => /<Code>(.*)<\/Code>/.exec(await response.text())?.[1]

test('a URL uploads and downloads, once only where If-None-Match is signed in', async () => {
  const headers = { 'if-none-match': '*' }
  const url = await presign('PUT', 'once.csv', { headers })
  const upload = (body: string) => fetch(url, { method: 'PUT', body, headers })
  expect((await upload('first')).status).toBe(200)
  const second = await upload('second')
  expect([second.status, await code(second)]).toEqual([412, 'PreconditionFailed'])
  const download = await fetch(await presign('GET', 'once.csv', { query: { 'response-content-type': 'text/x-test' } }))
  expect([download.headers.get('content-type'), await download.text()]).toEqual(['text/x-test', 'first'])
})

test('headers in the query count as headers', async () => {
  const headers = { 'x-amz-meta-site': 'roof', 'x-amz-storage-class': 'STANDARD_IA' }
  const url = await presign('PUT', 'hoisted', { headers })
  expect(url).toContain('x-amz-meta-site=roof')
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(200)
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'hoisted' }))
  expect(got).toMatchObject({ Metadata: { site: 'roof' }, StorageClass: 'STANDARD_IA' })
})

test('a checksum of the empty body in the query refuses any other body, as the SDK presigner makes it', async () => {
  const url = await presign('PUT', 'empty', { headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } })
  const refused = await fetch(url, { method: 'PUT', body: 'not empty' })
  expect([refused.status, await code(refused)]).toEqual([400, 'BadDigest'])
})

test('the bucket may stand in the host', async () => {
  // Not every system resolves names under localhost.
  const lookup: LookupFunction = (_, __, answer) => answer(null, [{ address: '127.0.0.1', family: 4 }])
  const endpoint = s3.endpoint.replace('127.0.0.1', 'localhost')
  const client = s3.connect({ endpoint, forcePathStyle: false, requestHandler: { httpAgent: new Agent({ lookup }) } })
  await client.send(new PutObjectCommand({ Bucket, Key: 'hosted/key', Body: 'virtual' }))
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'hosted/key' }))
  expect(await Body?.transformToString()).toBe('virtual')
})

test('an upload announces its length', async () => {
  const url = new URL(await presign('PUT', 'endless'))
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('x'))
      controller.close()
    },
  })
  const response = await fetch(url, { method: 'PUT', body, duplex: 'half' } as RequestInit)
  expect([response.status, await code(response)]).toEqual([411, 'MissingContentLength'])
})

test('unknown methods and resources are refused in words of S3', async () => {
  const response = await fetch(await presign('POST', 'k'), { method: 'POST' })
  expect([response.status, await code(response)]).toEqual([405, 'MethodNotAllowed'])
  const torrent = await fetch(await presign('GET', 'k', { query: { torrent: '' } }))
  const text = await torrent.text()
  expect(torrent.status).toBe(501)
  expect(text).toContain('GetObjectTorrent')
})
