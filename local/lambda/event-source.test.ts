import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type LambdaFixture, startLambda } from './lambda.fixture.ts'
import { readBatchFailures } from './sqs-event.ts'

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:events'
const consume = {
  Effect: 'Allow',
  Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:SendMessage'],
  Resource: 'arn:aws:sqs:us-east-1:000000000000:*',
}

/** Answers every event by way of a queue that the test reads. */
async function startConsumer(
  cloud: LambdaFixture,
  source: string,
  { Timeout = 3, ...attributes }: { Timeout?: number; VisibilityTimeout?: string } = {},
) {
  const { QueueUrl } = await cloud.callSqs('CreateQueue', {
    QueueName: 'events',
    Attributes: { VisibilityTimeout: '3', ...attributes },
  })
  await cloud.createFunction({ name: 'consumer', source, statements: [consume], Timeout })
  return QueueUrl as string
}

async function countMessages(cloud: LambdaFixture, QueueUrl: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
  const { Attributes } = await cloud.callSqs('GetQueueAttributes', { QueueUrl, AttributeNames: names })
  return names.reduce((sum, name) => sum + Number(Attributes[name]), 0)
}

test('messages reach the function as SQS events and are deleted', async () => {
  const cloud = await startLambda()
  const QueueUrl = await startConsumer(
    cloud,
    `const { writeFileSync } = require('node:fs')
     exports.handler = async (event) => writeFileSync('event.json', JSON.stringify(event))`,
  )
  await cloud.call('CreateEventSourceMapping', { FunctionName: 'consumer', EventSourceArn: queueArn })
  const { MessageId } = await cloud.callSqs('SendMessage', {
    QueueUrl,
    MessageBody: '{"n":1}',
    MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } },
  })
  await expect.poll(() => countMessages(cloud, QueueUrl), { timeout: 5000 }).toBe(0)
  const { default: event } = await import(`${cloud.folder}/code/consumer/event.json`, { with: { type: 'json' } })
  expect(event).toEqual({
    Records: [
      {
        messageId: MessageId,
        receiptHandle: expect.any(String),
        body: '{"n":1}',
        attributes: expect.objectContaining({ ApproximateReceiveCount: '1', SentTimestamp: expect.any(String) }),
        messageAttributes: {
          kind: { stringValue: 'test', stringListValues: [], binaryListValues: [], dataType: 'String' },
        },
        md5OfMessageAttributes: expect.any(String),
        md5OfBody: expect.any(String),
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: 'us-east-1',
      },
    ],
  })
})

test('only messages that the function reports come again', async () => {
  const cloud = await startLambda()
  const QueueUrl = await startConsumer(
    cloud,
    `exports.handler = async ({ Records }) => ({
      batchItemFailures: Records
        .filter((record) => record.body === 'poison')
        .map((record) => ({ itemIdentifier: record.messageId })),
    })`,
    { VisibilityTimeout: '3' },
  )
  const { QueueUrl: deadUrl } = await cloud.callSqs('CreateQueue', { QueueName: 'dead' })
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
    maxReceiveCount: 1,
  })
  await cloud.callSqs('SetQueueAttributes', { QueueUrl, Attributes: { RedrivePolicy } })
  for (const MessageBody of ['a', 'poison', 'b']) await cloud.callSqs('SendMessage', { QueueUrl, MessageBody })
  await cloud.call('CreateEventSourceMapping', {
    FunctionName: 'consumer',
    EventSourceArn: queueArn,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  })
  await expect.poll(() => countMessages(cloud, deadUrl), { timeout: 10_000 }).toBe(1)
  const { Messages } = await cloud.callSqs('ReceiveMessage', { QueueUrl: deadUrl })
  expect(Messages[0].Body).toBe('poison')
  expect(await countMessages(cloud, QueueUrl)).toBe(0)
})

test('a role that may not read the queue is refused, and a queue that shows messages too early', async () => {
  const cloud = await startLambda()
  await startConsumer(cloud, 'exports.handler = async () => {}')
  const mapping = { FunctionName: 'consumer', EventSourceArn: queueArn }
  await cloud.call('UpdateFunctionConfiguration', { FunctionName: 'consumer', Timeout: 60 })
  await expect(cloud.call('CreateEventSourceMapping', mapping)).rejects.toThrow(
    'Queue visibility timeout: 3 seconds is less than Function timeout: 60 seconds',
  )
  await cloud.createFunction({ name: 'other', source: 'exports.handler = async () => {}' })
  await expect(cloud.call('CreateEventSourceMapping', { ...mapping, FunctionName: 'other' })).rejects.toThrow(
    'The function execution role does not have permissions to call ReceiveMessage on SQS',
  )
})

test('a grant that is taken away stops the polling, which goes on once it is back', async () => {
  const cloud = await startLambda()
  const QueueUrl = await startConsumer(cloud, 'exports.handler = async () => {}')
  const { UUID } = await cloud.call('CreateEventSourceMapping', { FunctionName: 'consumer', EventSourceArn: queueArn })
  const call = cloud.rootCall()
  const policy = { RoleName: 'consumer-role', PolicyName: 'inline' }
  await cloud.iam.operations.DeleteRolePolicy?.(policy, call)
  await cloud.callSqs('SendMessage', { QueueUrl, MessageBody: 'taken by the poll that was waiting' })
  const problems = () => cloud.lines.filter((line) => line.includes('events → '))
  await expect.poll(problems, { timeout: 5000 }).not.toEqual([])
  expect(problems()[0]).toMatch(/consumer: .*not authorized to perform: sqs:/)
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [consume] })
  await cloud.iam.operations.PutRolePolicy?.({ ...policy, PolicyDocument }, call)
  await expect.poll(() => countMessages(cloud, QueueUrl), { timeout: 15_000 }).toBe(0)
  await cloud.call('DeleteEventSourceMapping', { UUID })
  await expect(cloud.call('GetEventSourceMapping', { UUID })).rejects.toMatchObject({ status: 404 })
})

test('messages of a batch that was cut off come again at once in the next run, as if for the first time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cut-off-'))
  const first = await startLambda({ folder })
  const QueueUrl = await startConsumer(
    first,
    `const { existsSync, writeFileSync } = require('node:fs')
     exports.handler = async ({ Records }) => {
       if (existsSync('begun')) return writeFileSync('done', Records[0].attributes.ApproximateReceiveCount)
       writeFileSync('begun', '')
       await new Promise(() => {})
     }`,
    { VisibilityTimeout: '900', Timeout: 60 },
  )
  await first.call('CreateEventSourceMapping', { FunctionName: 'consumer', EventSourceArn: queueArn })
  await first.callSqs('SendMessage', { QueueUrl, MessageBody: 'once' })
  await expect.poll(() => existsSync(join(folder, 'code/consumer/begun')), { timeout: 5000 }).toBe(true)
  await first.close()
  const second = await startLambda({ folder })
  await second.lambda.start()
  await expect.poll(() => existsSync(join(folder, 'code/consumer/done')), { timeout: 5000 }).toBe(true)
  expect(readFileSync(join(folder, 'code/consumer/done'), 'utf8')).toBe('1')
  await expect.poll(() => countMessages(second, QueueUrl)).toBe(0)
})

test('an answer names failed messages, or fails the whole batch', () => {
  const ids = new Set(['a', 'b'])
  const read = (answer: unknown) => readBatchFailures(JSON.stringify(answer), ids)
  for (const answer of [null, '', {}, { batchItemFailures: null }, { batchItemFailures: [] }]) {
    expect(read(answer), JSON.stringify(answer)).toEqual(new Set())
  }
  expect(read({ batchItemFailures: [{ itemIdentifier: 'b' }] })).toEqual(new Set(['b']))
  const faulty = [{ itemIdentifier: '' }, { itemIdentifier: null }, { id: 'a' }, { itemIdentifier: 'c' }, null, 'a']
  for (const failure of faulty) expect(read({ batchItemFailures: [failure] })).toBeUndefined()
  fc.assert(
    fc.property(fc.string(), (text) => {
      const failures = readBatchFailures(text, ids)
      for (const id of failures ?? []) expect(ids).toContain(id)
    }),
  )
})
