import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { GetUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { IoTClient, ListThingsCommand } from '@aws-sdk/client-iot'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { HttpRequest } from '@smithy/protocol-http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type GatewayFixture, region, startGateway } from './gateway-fixture.ts'
import { createObjectService } from './object-service-fixture.ts'
import { createSigner } from './sigv4/signer-fixture.ts'

const objects = new Map<string, Buffer>()
let fixture: GatewayFixture

beforeAll(async () => {
  fixture = await startGateway(() => ({ s3: createObjectService(objects) }))
})
afterAll(() => fixture.stop())

const sha256 = (body: string) => createHash('sha256').update(body).digest('hex')

interface Sent {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Sends what no well-behaved client would. */
async function send({ method = 'GET', path = '/', headers = {}, body }: Sent) {
  const outgoing = request({ host: '127.0.0.1', port: new URL(fixture.endpoint).port, method, path, headers })
  let continued = false
  outgoing.on('continue', () => {
    continued = true
    outgoing.end(body)
  })
  if (headers.expect) outgoing.flushHeaders()
  else outgoing.end(body)
  const [response] = await once(outgoing, 'response')
  const text = (await response.toArray()).join('')
  outgoing.destroy()
  return { status: response.statusCode as number, headers: response.headers, text, continued }
}

/** Signs like an SDK client, so that a test can spoil the request afterwards. */
async function sign(
  service: string,
  sent: Sent & { secretAccessKey?: string; accessKeyId?: string },
): Promise<Required<Omit<Sent, 'body'>>> {
  const { method = 'GET', path = '/', headers = {}, body } = sent
  const credentials = { ...fixture.credentials, ...(sent.secretAccessKey && { secretAccessKey: sent.secretAccessKey }) }
  if (sent.accessKeyId) credentials.accessKeyId = sent.accessKeyId
  const { host } = new URL(fixture.endpoint)
  const signed = await createSigner({ service, region, credentials }).sign(
    new HttpRequest({ method, path, headers: { host, ...headers }, body }),
  )
  return { method, path, headers: signed.headers }
}

test('SDK clients of each protocol are let in', async () => {
  const s3 = new S3Client(fixture.clientConfig)
  await s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'a key/with (odd) ünïcode+&=?', Body: 'hello' }))
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'b', Key: 'a key/with (odd) ünïcode+&=?' }))
  expect(await Body?.transformToString()).toBe('hello')
  const iam = new IAMClient(fixture.clientConfig)
  expect((await iam.send(new GetUserCommand({}))).User?.UserName).toBe('operator')
  const sts = new STSClient(fixture.clientConfig)
  expect((await sts.send(new GetCallerIdentityCommand({}))).Arn).toBe('arn:aws:iam::000000000000:user/operator')
})

test('a stream in aws-chunked framing arrives without it, its trailer checked', async () => {
  const s3 = new S3Client(fixture.clientConfig)
  const bytes = Buffer.alloc(300_000, 'x')
  const Body = Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)])
  await s3.send(new PutObjectCommand({ Bucket: 'b', Key: 'stream', Body, ContentLength: bytes.length }))
  expect(objects.get('/b/stream')?.equals(bytes)).toBe(true)
})

test('a bucket in the host name is S3’s to read', async () => {
  const { headers } = await sign('s3', { headers: { host: 'bucket.localhost' }, path: '/key' })
  expect((await send({ path: '/key', headers })).status).toBe(200)
})

test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '0x7f000001'])(
  'the host %s is refused',
  async (host) => {
    const { headers } = await sign('s3', { headers: { host } })
    expect((await send({ headers })).status).toBe(403)
  },
)

test('a wrong secret is refused as S3 words it', async () => {
  const signed = await sign('s3', { path: '/b/k', secretAccessKey: 'wrong' })
  const { status, text, headers } = await send(signed)
  expect(status).toBe(403)
  expect(text).toContain('<Code>SignatureDoesNotMatch</Code>')
  expect(text).toContain('<CanonicalRequest>GET\n/b/k\n')
  expect(text).toMatch(/<StringToSignBytes>41 57 53 34 /)
  expect(headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/)
})

test('an unknown key is refused in the words of each protocol', async () => {
  const accessKeyId = 'AKIAUNKNOWN000000000'
  expect((await send(await sign('s3', { accessKeyId }))).text).toContain('<Code>InvalidAccessKeyId</Code>')
  expect((await send(await sign('sts', { accessKeyId }))).text).toContain('<Code>InvalidClientTokenId</Code>')
})

test('half a signature is refused in the words of each protocol', async () => {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIA/20260101/${region}/s3/aws4_request, SignedHeaders=host`
  expect((await send({ headers: { authorization } })).text).toContain('<Code>AuthorizationHeaderMalformed</Code>')
  const json = await send({ method: 'POST', headers: { authorization, 'x-amz-target': 'TrentService.Sign' } })
  expect(JSON.parse(json.text)).toMatchObject({ __type: 'IncompleteSignatureException' })
})

test('a payload that does not have the signed hash is refused', async () => {
  const s3 = await sign('s3', { method: 'PUT', path: '/b/tampered', body: 'hello' })
  const refused = await send({ ...s3, body: 'jello' })
  expect(refused.text).toContain('<Code>XAmzContentSHA256Mismatch</Code>')
  expect(refused.text).toContain(`<S3ComputedContentSHA256>${sha256('jello')}</S3ComputedContentSHA256>`)
  expect(objects.has('/b/tampered')).toBe(false)
  const sts = await sign('sts', { method: 'POST', body: 'Action=GetCallerIdentity&Version=2011-06-15' })
  expect((await send({ ...sts, body: 'Action=GetSessionToken&Version=2011-06-15' })).text).toContain(
    '<Code>SignatureDoesNotMatch</Code>',
  )
})

test('an upload cut short is refused and not stored', async () => {
  const { headers } = await sign('s3', { method: 'PUT', path: '/b/cut', body: 'hello' })
  const outgoing = request({
    host: '127.0.0.1',
    port: new URL(fixture.endpoint).port,
    method: 'PUT',
    path: '/b/cut',
    headers: { ...headers, 'content-length': '5' },
  })
  const closed = new Promise((resolve) => outgoing.on('error', () => {}).on('close', resolve))
  outgoing.write('hel', () => outgoing.destroy())
  await closed
  const { text } = await send(await sign('s3', { path: '/b/cut' }))
  expect(text).toBe('')
})

test('a request without a signature is S3’s as anonymous, and refused elsewhere', async () => {
  expect((await send({ path: '/b/k' })).text).toContain('<Code>AccessDenied</Code>')
  const json = await send({ method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.ListQueues' } })
  expect(JSON.parse(json.text)).toMatchObject({ __type: 'MissingAuthenticationTokenException' })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const query = await send({ method: 'POST', headers: form, body: 'Action=ListUsers' })
  expect(query.text).toContain('<Code>MissingAuthenticationToken</Code>')
})

test('SigV2 is refused by name', async () => {
  const { status, text } = await send({ path: '/b/k?AWSAccessKeyId=AKIA&Signature=x&Expires=1' })
  expect(status).toBe(400)
  expect(text).toContain('Please use AWS4-HMAC-SHA256')
})

test('a service that is not there answers 501 by name', async () => {
  const listing = new IoTClient(fixture.clientConfig).send(new ListThingsCommand({}))
  await expect(listing).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('the service iot'),
    $metadata: { httpStatusCode: 501 },
  })
})

test('an unexpected exception shows its request id and nothing else', async () => {
  const { status, text, headers } = await send(await sign('s3', { method: 'DELETE', path: '/b/k' }))
  expect(status).toBe(500)
  expect(text).toContain('<Code>InternalError</Code>')
  expect(text).not.toContain('secret that no client may see')
  expect(fixture.logged.at(-1)).toContain(headers['x-amz-request-id'])
})

test('Expect: 100-continue is answered when the payload is wanted, and a refusal comes without it', async () => {
  const wanted = await sign('s3', { method: 'PUT', path: '/b/wanted', body: 'hello' })
  const accepted = await send({
    ...wanted,
    headers: { ...wanted.headers, expect: '100-continue', 'content-length': '5' },
    body: 'hello',
  })
  expect(accepted).toMatchObject({ status: 200, continued: true })
  const wrong = await sign('s3', { method: 'PUT', path: '/b/unwanted', body: 'hello', secretAccessKey: 'wrong' })
  const refused = await send({
    ...wrong,
    headers: { ...wrong.headers, expect: '100-continue', 'content-length': '5' },
    body: 'hello',
  })
  expect(refused).toMatchObject({ status: 403, continued: false, headers: { connection: 'close' } })
})

test('a request of another service than S3 is bounded', async () => {
  const body = 'x'.repeat(16 * 1024 * 1024 + 1)
  const { status } = await send({ ...(await sign('sts', { method: 'POST', body })), body })
  expect(status).toBe(413)
})
