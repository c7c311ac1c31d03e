import { CreateBucketCommand, GetObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { computeMac } from '#local/gateway/sigv4/mac-key.ts'
import { deriveSigningKey } from '#local/gateway/sigv4/signing-keys.ts'
import { queueArn, type S3Fixture, startS3 } from '../s3-fixture.ts'

const Bucket = 'forms'
const now = new Date('2026-05-06T07:08:09Z')
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3({ clock: () => now })
  const client = s3.connect({ systemClockOffset: now.getTime() - Date.now() })
  await client.send(new CreateBucketCommand({ Bucket }))
  const NotificationConfiguration = { QueueConfigurations: [{ QueueArn: queueArn, Events: ['s3:ObjectCreated:Post'] }] }
  await s3.s3.operations.PutBucketNotificationConfiguration?.({ Bucket, NotificationConfiguration }, s3.rootCall)
})
afterAll(() => s3.stop())

interface Upload {
  fields?: Record<string, string>
  conditions?: unknown[]
  expiration?: string
  content?: string
  tamper?: (fields: Record<string, string>) => void
}

/** What a browser sends for a form whose policy the operator has signed. */
async function post({
  fields = {},
  conditions = [],
  expiration = '2026-05-06T08:00:00Z',
  content = 'a;b',
  tamper,
}: Upload) {
  const { accessKeyId, secretAccessKey } = s3.credentials
  const scope = { date: '20260506', region: 'us-east-1', service: 's3' }
  const signed = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${accessKeyId}/20260506/us-east-1/s3/aws4_request`,
    'x-amz-date': '20260506T070809Z',
  }
  const all = [
    ...conditions,
    { bucket: Bucket },
    ['starts-with', '$key', 'in/'],
    ...Object.entries(signed).map(([name, value]) => ({ [name]: value })),
  ]
  const policy = Buffer.from(JSON.stringify({ expiration, conditions: all })).toString('base64')
  const signature = computeMac(deriveSigningKey(secretAccessKey, scope), policy).toString('hex')
  const form: Record<string, string> = {
    key: `in/\${filename}`,
    ...fields,
    ...signed,
    policy,
    'x-amz-signature': signature,
  }
  tamper?.(form)
  const body = new FormData()
  for (const [name, value] of Object.entries(form)) body.append(name, value)
  body.append('file', new Blob([content], { type: 'text/csv' }), 'readings ü.csv')
  const response = await fetch(`${s3.endpoint}/${Bucket}`, { method: 'POST', body, redirect: 'manual' })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, code: /<Code>(.*)<\/Code>/.exec(text)?.[1] }
}

test('a signed form uploads the file as its signer', async () => {
  const conditions = [
    ['starts-with', '$Content-Type', 'text/'],
    { 'x-amz-meta-site': 'roof' },
    ['content-length-range', 1, 10],
  ]
  const { status, headers } = await post({
    conditions,
    fields: { 'Content-Type': 'text/csv', 'x-amz-meta-site': 'roof' },
  })
  expect(status).toBe(204)
  expect(headers.get('location')).toBe(`${s3.endpoint}/${Bucket}/in/readings%20%C3%BC.csv`)
  const client = s3.connect({ systemClockOffset: now.getTime() - Date.now() })
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'in/readings ü.csv' }))
  expect(got).toMatchObject({ ContentType: 'text/csv', Metadata: { site: 'roof' } })
  expect(await got.Body?.transformToString()).toBe('a;b')
  const event = JSON.parse((await s3.delivered(2))[1]?.body ?? '').Records[0]
  expect(event).toMatchObject({
    eventName: 'ObjectCreated:Post',
    userIdentity: { principalId: expect.stringMatching(/^AWS:AIDA/) },
  })
})

test('the answer is what the form asks for', async () => {
  const created = await post({
    fields: { success_action_status: '201' },
    conditions: [{ success_action_status: '201' }],
  })
  expect(created.status).toBe(201)
  expect(created.text).toContain(`<Bucket>${Bucket}</Bucket><Key>in/readings ü.csv</Key>`)
  const success_action_redirect = 'https://example.org/done?a=1'
  const redirected = await post({ fields: { success_action_redirect }, conditions: [{ success_action_redirect }] })
  expect(redirected.status).toBe(303)
  expect(redirected.headers.get('location')).toMatch(
    /^https:\/\/example\.org\/done\?a=1&bucket=forms&key=in%2Freadings/,
  )
})

test.each<[string, Upload, number, string]>([
  ['a key outside the policy', { fields: { key: 'out/k' } }, 403, 'AccessDenied'],
  ['a field that the policy does not know', { fields: { 'x-amz-meta-a': '1' } }, 403, 'AccessDenied'],
  [
    'another value than the policy',
    { fields: { 'x-amz-meta-a': '1' }, conditions: [{ 'x-amz-meta-a': '2' }] },
    403,
    'AccessDenied',
  ],
  ['an expired policy', { expiration: '2026-05-06T07:08:09Z' }, 403, 'AccessDenied'],
  ['a file that is too large', { conditions: [['content-length-range', 0, 2]] }, 400, 'EntityTooLarge'],
  ['a file that is too small', { conditions: [['content-length-range', 4, 9]] }, 400, 'EntityTooSmall'],
  ['a condition that is none', { conditions: [['near', '$key', 'x']] }, 400, 'InvalidPolicyDocument'],
  [
    'a wrong checksum',
    { fields: { 'x-amz-checksum-crc32': 'AAAAAA==' }, conditions: [['starts-with', '$x-amz-checksum-crc32', '']] },
    400,
    'BadDigest',
  ],
  [
    'a wrong signature',
    { tamper: (fields) => Object.assign(fields, { 'x-amz-signature': '0'.repeat(64) }) },
    403,
    'SignatureDoesNotMatch',
  ],
  [
    'a changed policy',
    { tamper: (fields) => Object.assign(fields, { policy: `${fields.policy}AA` }) },
    403,
    'SignatureDoesNotMatch',
  ],
  [
    'an unknown key id',
    {
      tamper: (fields) =>
        Object.assign(fields, { 'x-amz-credential': 'AKIANOBODY/20260506/us-east-1/s3/aws4_request' }),
    },
    403,
    'InvalidAccessKeyId',
  ],
  ['no key', { tamper: (fields) => delete fields.key }, 400, 'InvalidArgument'],
  ['no policy, which is anonymous', { tamper: (fields) => delete fields.policy }, 403, 'AccessDenied'],
])('refuses %s', async (_, upload, status, code) => {
  expect(await post(upload)).toMatchObject({ status, code })
})
