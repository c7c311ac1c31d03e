import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetQueueAttributesCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from './eventually.ts'
import { hastenRedrive } from './hasten-redrive.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'

let cloud: TestCloud
let sqs: SQSClient
let s3: S3Client
beforeAll(async () => {
  cloud = await startTestCloud()
  sqs = new SQSClient(cloud.client())
  s3 = new S3Client(cloud.client())
  await hastenRedrive(sqs, cloud.output('RecordingQueueUrl'))
})
afterAll(() => cloud?.close())

const put = (Key: string) => s3.send(new PutObjectCommand({ Bucket: cloud.output('BucketName'), Key, Body: Key }))

async function logged(thing: string, count: number) {
  return eventually(`${count} rows of ${thing}`, async () => {
    const { uploads } = await cloud.operator.uploads.list({ thing })
    return uploads.length >= count && uploads
  })
}

test('a malformed event goes to the dead letters, and the rest of its batch is logged', async () => {
  const QueueUrl = cloud.output('RecordingQueueUrl')
  const bad = ['not json', '{"Records":[{"eventName":"ObjectCreated:Put"}]}']
  const sent = bad.map((MessageBody) => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })))
  await Promise.all([...sent, ...[1, 2, 3].map((number) => put(`things/press-1/${number}.csv`))])
  await logged('press-1', 3)
  await eventually('both among the dead letters', async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: cloud.output('RecordingDeadLettersUrl'),
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
      }),
    )
    const bodies = Messages.map((message) => message.Body)
    return bad.every((body) => bodies.includes(body))
  })
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  )
  expect(Attributes).toEqual({ ApproximateNumberOfMessages: '0' })
})

test('keys come out of the log as they went in', async () => {
  const names = ['a b+c.csv', 'ü%41.csv', '日本.csv', 'quo\'te".csv', '<script>.csv', 'a&b=c.csv']
  for (const name of names) await put(`things/press-2/${name}`)
  const rows = await logged('press-2', names.length)
  expect(rows.map(({ key }) => key).sort()).toEqual(names.map((name) => `things/press-2/${name}`).sort())
})

test('a page ends where it was told to, and the cursor goes on without a gap or a repeat', async () => {
  for (let number = 0; number < 7; number++) await put(`things/press-3/${number}.csv`)
  const all = await logged('press-3', 7)
  for (const query of [{ thing: 'press-3' }, {}]) {
    const keys: string[] = []
    let cursor: string | undefined
    do {
      const page = await cloud.operator.uploads.list({ ...query, limit: 3, ...(cursor !== undefined && { cursor }) })
      expect(page.uploads.length).toBeLessThanOrEqual(3)
      keys.push(...page.uploads.map(({ key }) => key))
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.filter((key) => key.startsWith('things/press-3/'))).toEqual(all.map(({ key }) => key))
  }
})

test('times bound a list: from is in, to is not', async () => {
  const [newest, ...older] = await logged('press-3', 7)
  const to = newest?.eventTime ?? ''
  const before = await cloud.operator.uploads.list({ thing: 'press-3', to })
  expect(before.uploads).toEqual(older.filter(({ eventTime }) => eventTime < to))
  const since = await cloud.operator.uploads.list({ thing: 'press-3', from: to })
  expect(since.uploads[0]).toEqual(newest)
})

test.each([{ cursor: 'nonsense' }, { from: '2026-05-02T00:00:00Z', to: '2026-05-01T00:00:00Z' }])(
  'the query %j is refused',
  async (query) => {
    await expect(cloud.operator.uploads.list(query)).rejects.toMatchObject({
      code: expect.stringMatching(/^(CURSOR|REQUEST)_INVALID$/),
    })
  },
)
