import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterEach, expect, test } from 'vitest'
import { queueArn, type S3Fixture, startS3 } from '../s3-fixture.ts'
import type { EventMessage, Notify } from './event-outbox.ts'

const Bucket = 'noisy'
const running: S3Fixture[] = []
afterEach(async () => {
  for (const fixture of running.splice(0)) await fixture.stop()
})

async function start(options: { notify?: Notify; folder?: string } = {}): Promise<S3Fixture> {
  const fixture = await startS3(options)
  running.push(fixture)
  return fixture
}

async function listen(s3: S3Fixture, ...queues: object[]): Promise<void> {
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  await configure(s3, {
    QueueConfigurations: queues.map((queue) => ({ QueueArn: queueArn, Events: ['s3:ObjectCreated:*'], ...queue })),
  })
}

const configure = (s3: S3Fixture, NotificationConfiguration: NotificationConfiguration) =>
  s3.client.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
const put = (s3: S3Fixture, Key: string, Body = 'x') => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }))
const record = ({ body }: EventMessage) => JSON.parse(body).Records[0]

test('a configuration is announced to its queue, and comes back with an id', async () => {
  const s3 = await start()
  await listen(s3, {
    Filter: {
      Key: {
        FilterRules: [
          { Name: 'prefix', Value: 'in/' },
          { Name: 'suffix', Value: '.csv' },
        ],
      },
    },
  })
  expect(JSON.parse(s3.messages[0]?.body ?? '')).toMatchObject({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket })
  const { QueueConfigurations } = await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))
  expect(QueueConfigurations).toEqual([
    {
      Id: expect.any(String),
      QueueArn: queueArn,
      Events: ['s3:ObjectCreated:*'],
      Filter: {
        Key: {
          FilterRules: [
            { Name: 'prefix', Value: 'in/' },
            { Name: 'suffix', Value: '.csv' },
          ],
        },
      },
    },
  ])
})

test('an event tells of the object, of who wrote it and from where', async () => {
  const s3 = await start()
  await listen(s3, { Id: 'uploads' })
  const output = await put(s3, 'things/d 1/ü+(1)~.csv', 'data')
  const [, message] = await s3.delivered(2)
  expect(message).toMatchObject({ queueArn, bucketArn: `arn:aws:s3:::${Bucket}` })
  expect(record(message as EventMessage)).toEqual({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    eventName: 'ObjectCreated:Put',
    userIdentity: { principalId: expect.stringMatching(/^AWS:AIDA/) },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: {
      'x-amz-request-id': output.$metadata.requestId,
      'x-amz-id-2': output.$metadata.extendedRequestId,
    },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'uploads',
      bucket: { name: Bucket, ownerIdentity: { principalId: expect.any(String) }, arn: `arn:aws:s3:::${Bucket}` },
      object: {
        key: 'things/d+1/%C3%BC%2B%281%29%7E.csv',
        size: 4,
        eTag: output.ETag?.slice(1, -1),
        sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
      },
    },
  })
})

test('filters and event names choose what is told', async () => {
  const s3 = await start()
  const prefix = (Value: string) => ({ Key: { FilterRules: [{ Name: 'Prefix' as const, Value }] } })
  await listen(
    s3,
    { Id: 'a', Filter: prefix('a/') },
    { Id: 'removed', Events: ['s3:ObjectRemoved:Delete'] },
    { Id: 'copied', Events: ['s3:ObjectCreated:Copy'], Filter: prefix('c/') },
  )
  for (const key of ['a/1', 'b/1', 'c/1']) await put(s3, key)
  await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'c/2', CopySource: `${Bucket}/a/1` }))
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'b/1' }))
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'never-there' }))
  await put(s3, 'a/last')
  const messages = await s3.delivered(5)
  expect(
    messages
      .slice(1)
      .map(record)
      .map((event) => [event.s3.configurationId, event.eventName, event.s3.object.key]),
  ).toEqual([
    ['a', 'ObjectCreated:Put', 'a/1'],
    ['copied', 'ObjectCreated:Copy', 'c/2'],
    ['removed', 'ObjectRemoved:Delete', 'b/1'],
    ['a', 'ObjectCreated:Put', 'a/last'],
  ])
})

test('the sequencer orders the changes of a key, and versions are named', async () => {
  const s3 = await start()
  await listen(s3, { Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] })
  await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  const { VersionId } = await put(s3, 'k')
  const marker = await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }))
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId }))
  const events = (await s3.delivered(4)).slice(1).map(record)
  expect(events.map((event) => [event.eventName, event.s3.object.versionId])).toEqual([
    ['ObjectCreated:Put', VersionId],
    ['ObjectRemoved:DeleteMarkerCreated', marker.VersionId],
    ['ObjectRemoved:Delete', VersionId],
  ])
  const sequencers = events.map((event) => event.s3.object.sequencer)
  expect(sequencers).toEqual([...sequencers].sort())
  expect(new Set(sequencers).size).toBe(3)
})

test('a queue that fails gets its events later, in order, and others do not wait for it', async () => {
  let fails = false
  const other = queueArn.replace('uploads', 'other')
  const s3 = await start({
    notify({ queueArn: to }) {
      if (fails && to === queueArn) throw new Error('queue is away')
    },
  })
  await listen(s3, {}, { QueueArn: other, Events: ['s3:ObjectRemoved:*'] })
  await s3.delivered(2)
  fails = true
  for (const key of ['1', '2', '3']) await put(s3, key)
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: '1' }))
  expect(record((await s3.delivered(3))[2] as EventMessage).eventName).toBe('ObjectRemoved:Delete')
  fails = false
  const messages = (await s3.delivered(6)).slice(3)
  expect(messages.map((message) => record(message).s3.object.key)).toEqual(['1', '2', '3'])
})

test('events that waited when the process ended are delivered by the next one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 's3-outbox-'))
  let fails = false
  const first = await start({
    folder,
    notify() {
      if (fails) throw new Error('queue is away')
    },
  })
  await listen(first, {})
  fails = true
  await put(first, 'left behind')
  await running.pop()?.stop()
  const second = await start({ folder })
  expect(record((await second.delivered(1))[0] as EventMessage).s3.object.key).toBe('left+behind')
  await running.pop()?.stop()
  rmSync(folder, { recursive: true })
})

test('a queue that does not take the test event cannot be configured', async () => {
  const s3 = await start({ notify: () => Promise.reject(new Error('not allowed by the queue policy')) })
  await expect(listen(s3, {})).rejects.toMatchObject({
    name: 'InvalidArgument',
    message: 'Unable to validate the following destination configurations',
  })
  expect(await s3.client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).not.toHaveProperty(
    'QueueConfigurations',
  )
})

const queue = { QueueArn: queueArn, Events: ['s3:ObjectCreated:*'] } as const
test.each<[string, NotificationConfiguration, string]>([
  [
    'an overlap',
    {
      QueueConfigurations: [
        { ...queue, Events: ['s3:ObjectCreated:*'] },
        { ...queue, Events: ['s3:ObjectCreated:Put'] },
      ],
    },
    'InvalidArgument',
  ],
  ['no ARN', { QueueConfigurations: [{ QueueArn: 'uploads', Events: ['s3:ObjectCreated:*'] }] }, 'InvalidArgument'],
  [
    'a FIFO queue',
    { QueueConfigurations: [{ QueueArn: `${queueArn}.fifo`, Events: ['s3:ObjectCreated:*'] }] },
    'InvalidArgument',
  ],
  [
    'an event that never comes',
    { QueueConfigurations: [{ QueueArn: queueArn, Events: ['s3:ObjectRestore:Post'] }] },
    'NotImplemented',
  ],
  [
    'a topic',
    { TopicConfigurations: [{ TopicArn: 'arn:aws:sns:us-east-1:000000000000:t', Events: ['s3:ObjectCreated:*'] }] },
    'NotImplemented',
  ],
  [
    'a function',
    { LambdaFunctionConfigurations: [{ LambdaFunctionArn: 'arn', Events: ['s3:ObjectCreated:*'] }] },
    'NotImplemented',
  ],
  ['EventBridge', { EventBridgeConfiguration: {} }, 'NotImplemented'],
])('refuses %s', async (_, configuration, name) => {
  const s3 = await start()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  await expect(configure(s3, configuration)).rejects.toMatchObject({ name })
})
