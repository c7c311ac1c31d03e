import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountId, type GatewayFixture, region, startGateway } from '#local/gateway/gateway-fixture.ts'
import { createSqs } from './create-sqs.ts'

let fixture: GatewayFixture
let sqs: ReturnType<typeof createSqs>
let client: SQSClient
/** Moves the clock of the queues; requests are signed with the real time, so by less than the allowed skew. */
let aheadSeconds = 0
const clock = () => new Date(Date.now() + aheadSeconds * 1000)

beforeAll(async () => {
  fixture = await startGateway((at) => {
    sqs = createSqs({ ...at, accountId, region, clock })
    return { sqs: sqs.service }
  })
  client = new SQSClient(fixture.clientConfig)
})
afterAll(async () => {
  sqs.close()
  await fixture.stop()
})

let created = 0
async function createQueue(Attributes: Record<string, string> = {}) {
  const name = `queue-${++created}`
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }))
  return { name, QueueUrl, arn: `arn:aws:sqs:${region}:${accountId}:${name}` }
}

const send = (QueueUrl: string, MessageBody: string) => client.send(new SendMessageCommand({ QueueUrl, MessageBody }))

async function receive(QueueUrl: string, options: Partial<ReceiveMessageCommand['input']> = {}) {
  const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, ...options }))
  return Messages
}

async function count(QueueUrl: string) {
  const { Attributes = {} }: { Attributes?: Record<string, string> | undefined } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  )
  return ['', 'NotVisible', 'Delayed'].map((state) => Number(Attributes[`ApproximateNumberOfMessages${state}`]))
}

function later(seconds: number): void {
  aheadSeconds += seconds
}

test('a queue is made once, and again only with the same attributes', async () => {
  const { name, QueueUrl } = await createQueue({ VisibilityTimeout: '45' })
  expect(QueueUrl).toBe(`${fixture.endpoint}/${accountId}/${name}`)
  const again = (VisibilityTimeout: string) =>
    client.send(new CreateQueueCommand({ QueueName: name, Attributes: { VisibilityTimeout } }))
  expect((await again('45')).QueueUrl).toBe(QueueUrl)
  await expect(again('46')).rejects.toMatchObject({ name: 'QueueNameExists' })
  expect((await client.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl).toBe(QueueUrl)
  await client.send(new DeleteQueueCommand({ QueueUrl }))
  await expect(client.send(new GetQueueUrlCommand({ QueueName: name }))).rejects.toMatchObject({
    name: 'QueueDoesNotExist',
  })
})

test.each([
  [{ VisibilityTimeout: '43201' }, 'InvalidAttributeValue'],
  [{ Surprise: '1' }, 'InvalidAttributeName'],
  [{ Policy: 'no JSON' }, 'InvalidAttributeValue'],
  [{ Policy: '{"Statement":[{"Effect":"Perhaps"}]}' }, 'InvalidAttributeValue'],
  [{ RedrivePolicy: '{"maxReceiveCount":1}' }, 'InvalidParameterValue'],
  [
    { RedrivePolicy: `{"deadLetterTargetArn":"arn:aws:sqs:${region}:${accountId}:none","maxReceiveCount":1}` },
    'InvalidParameterValue',
  ],
  [{ FifoQueue: 'true' }, 'NotImplemented'],
  [{ KmsMasterKeyId: 'alias/aws/sqs' }, 'NotImplemented'],
])('the attributes %j are refused', async (attributes, name) => {
  await expect(createQueue(attributes)).rejects.toMatchObject({ name })
})

test('a message is hidden while it is held, and gone when it is deleted', async () => {
  const { QueueUrl } = await createQueue({ VisibilityTimeout: '60' })
  const sent = await send(QueueUrl, 'hello')
  expect(await count(QueueUrl)).toEqual([1, 0, 0])
  const [first] = await receive(QueueUrl, { MessageSystemAttributeNames: ['All'] })
  expect(first).toMatchObject({
    MessageId: sent.MessageId,
    Body: 'hello',
    MD5OfBody: '5d41402abc4b2a76b9719d911017c592',
    Attributes: { ApproximateReceiveCount: '1', SenderId: expect.stringMatching(/^AIDA/) },
  })
  expect(await receive(QueueUrl)).toEqual([])
  expect(await count(QueueUrl)).toEqual([0, 1, 0])
  later(61)
  const [second] = await receive(QueueUrl, { MessageSystemAttributeNames: ['All'] })
  expect(second?.Attributes?.ApproximateReceiveCount).toBe('2')
  expect(second?.Attributes?.ApproximateFirstReceiveTimestamp).toBe(first?.Attributes?.ApproximateFirstReceiveTimestamp)
  // The handle of the first delivery is stale: the call succeeds and the message stays.
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first?.ReceiptHandle }))
  expect(await count(QueueUrl)).toEqual([0, 1, 0])
  await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: second?.ReceiptHandle }))
  expect(await count(QueueUrl)).toEqual([0, 0, 0])
})

test('a handle that is none, or of another queue, is refused', async () => {
  const [one, two] = [await createQueue(), await createQueue()]
  await send(one.QueueUrl, 'hello')
  const [message] = await receive(one.QueueUrl)
  for (const ReceiptHandle of ['nonsense', message?.ReceiptHandle]) {
    const deletion = client.send(new DeleteMessageCommand({ QueueUrl: two.QueueUrl, ReceiptHandle }))
    await expect(deletion).rejects.toMatchObject({ name: 'ReceiptHandleIsInvalid' })
  }
})

test('a held message can be given back and held longer', async () => {
  const { QueueUrl } = await createQueue({ VisibilityTimeout: '30' })
  await send(QueueUrl, 'hello')
  const [message] = await receive(QueueUrl)
  const change = (VisibilityTimeout: number) =>
    client.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
    )
  await change(60)
  later(31)
  expect(await receive(QueueUrl)).toEqual([])
  await change(0)
  await expect(change(5)).rejects.toMatchObject({ name: 'MessageNotInflight' })
  expect(await receive(QueueUrl)).toHaveLength(1)
})

test('a long poll wakes at once when a message arrives', async () => {
  const { QueueUrl } = await createQueue()
  const polling = receive(QueueUrl, { WaitTimeSeconds: 20 })
  await receive(QueueUrl)
  await send(QueueUrl, 'hello')
  const started = performance.now()
  expect(await polling).toHaveLength(1)
  expect(performance.now() - started).toBeLessThan(2000)
})

test('a long poll ends empty after its time', async () => {
  const { QueueUrl } = await createQueue()
  expect(await receive(QueueUrl, { WaitTimeSeconds: 1 })).toEqual([])
})

test('a long poll sees a delayed message when its delay is over', async () => {
  const { QueueUrl } = await createQueue({ DelaySeconds: '1' })
  await send(QueueUrl, 'later')
  expect(await count(QueueUrl)).toEqual([0, 0, 1])
  expect(await receive(QueueUrl, { WaitTimeSeconds: 20 })).toHaveLength(1)
})

test('messages come in the order they were sent, at most ten at a time', async () => {
  const { QueueUrl } = await createQueue()
  const Entries = Array.from({ length: 10 }, (_, index) => ({ Id: `${index}`, MessageBody: `${index}` }))
  await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))
  await send(QueueUrl, '10')
  const messages = await receive(QueueUrl, { MaxNumberOfMessages: 10 })
  expect(messages.map(({ Body }) => Body)).toEqual(Entries.map(({ MessageBody }) => MessageBody))
  const deletions = messages.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }))
  const { Successful } = await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: deletions }))
  expect(Successful).toHaveLength(10)
  expect(await count(QueueUrl)).toEqual([1, 0, 0])
})

test('an entry of a batch that does not fit fails alone', async () => {
  const { QueueUrl } = await createQueue({ MaximumMessageSize: '1024' })
  const { Successful, Failed } = await client.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: 'good', MessageBody: 'hello' },
        { Id: 'bad', MessageBody: 'nul \u0000' },
      ],
    }),
  )
  expect(Successful).toMatchObject([{ Id: 'good' }])
  expect(Failed).toMatchObject([{ Id: 'bad', Code: 'InvalidMessageContents', SenderFault: true }])
})

test.each([
  [[], 'EmptyBatchRequest'],
  [['a', 'a'], 'BatchEntryIdsNotDistinct'],
  [['a b'], 'InvalidBatchEntryId'],
  [Array.from({ length: 11 }, (_, index) => `${index}`), 'TooManyEntriesInBatchRequest'],
])('a batch with the ids %j is refused', async (ids, name) => {
  const { QueueUrl } = await createQueue()
  const Entries = ids.map((Id) => ({ Id, MessageBody: 'x' }))
  await expect(client.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toMatchObject({ name })
})

test('message attributes come back with their digest, which the SDK checks', async () => {
  const { QueueUrl } = await createQueue()
  const MessageAttributes = {
    text: { DataType: 'String', StringValue: 'ünïcode' },
    'number.of.things': { DataType: 'Number', StringValue: '3' },
    bytes: { DataType: 'Binary.gzip', BinaryValue: new Uint8Array([0, 255, 128]) },
  }
  const sent = await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x', MessageAttributes }))
  const [message] = await receive(QueueUrl, { MessageAttributeNames: ['All'] })
  expect(message).toMatchObject({ MessageAttributes, MD5OfMessageAttributes: sent.MD5OfMessageAttributes })
})

test('a message above the limit is refused', async () => {
  const { QueueUrl } = await createQueue()
  await send(QueueUrl, 'x'.repeat(1_048_576))
  await expect(send(QueueUrl, 'x'.repeat(1_048_577))).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})

test('a message that is received too often goes to the dead-letter queue and can be redriven', async () => {
  const dead = await createQueue()
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 })
  const source = await createQueue({ RedrivePolicy })
  await send(source.QueueUrl, 'poison')
  const deadPoll = receive(dead.QueueUrl, {
    WaitTimeSeconds: 20,
    MessageSystemAttributeNames: ['All'],
    VisibilityTimeout: 0,
  })
  for (const expected of [1, 1, 0]) {
    expect(await receive(source.QueueUrl, { VisibilityTimeout: 10 })).toHaveLength(expected)
    later(11)
  }
  expect(await deadPoll).toMatchObject([{ Body: 'poison', Attributes: { DeadLetterQueueSourceArn: source.arn } }])
  const { queueUrls } = await client.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead.QueueUrl }))
  expect(queueUrls).toEqual([source.QueueUrl])

  const back = receive(source.QueueUrl, { WaitTimeSeconds: 20, MessageSystemAttributeNames: ['All'] })
  await client.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }))
  expect(await back).toMatchObject([{ Body: 'poison', Attributes: { ApproximateReceiveCount: '1' } }])
  const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: dead.arn }))
  expect(Results).toMatchObject([{ ApproximateNumberOfMessagesMoved: 1, ApproximateNumberOfMessagesToMove: 1 }])
  const foreign = client.send(new StartMessageMoveTaskCommand({ SourceArn: source.arn }))
  await expect(foreign).rejects.toMatchObject({ name: 'InvalidParameterValue' })
})

test('a message is dropped when its retention is over', async () => {
  const { QueueUrl } = await createQueue({ MessageRetentionPeriod: '60' })
  await send(QueueUrl, 'old')
  later(61)
  await send(QueueUrl, 'new')
  expect(await receive(QueueUrl, { MaxNumberOfMessages: 10 })).toMatchObject([{ Body: 'new' }])
})

test('a purge empties the queue, once in a minute', async () => {
  const { QueueUrl } = await createQueue()
  await send(QueueUrl, 'hello')
  await client.send(new PurgeQueueCommand({ QueueUrl }))
  expect(await count(QueueUrl)).toEqual([0, 0, 0])
  await expect(client.send(new PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({ name: 'PurgeQueueInProgress' })
})

test('queues are listed by prefix and page', async () => {
  for (const name of ['list-a', 'list-b', 'list-c', 'other'])
    await client.send(new CreateQueueCommand({ QueueName: name }))
  const first = await client.send(new ListQueuesCommand({ QueueNamePrefix: 'list-', MaxResults: 2 }))
  const second = await client.send(
    new ListQueuesCommand({ QueueNamePrefix: 'list-', MaxResults: 2, NextToken: first.NextToken }),
  )
  const names = [...(first.QueueUrls ?? []), ...(second.QueueUrls ?? [])].map((url) => url.split('/').at(-1))
  expect(names).toEqual(['list-a', 'list-b', 'list-c'])
  expect(second.NextToken).toBeUndefined()
})

test('tags are set, merged and taken away', async () => {
  const { QueueUrl } = await createQueue()
  await client.send(new TagQueueCommand({ QueueUrl, Tags: { a: '1', b: '2' } }))
  await client.send(new TagQueueCommand({ QueueUrl, Tags: { b: '3' } }))
  await client.send(new UntagQueueCommand({ QueueUrl, TagKeys: ['a'] }))
  expect((await client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ b: '3' })
})

test('a queue URL is taken by its path, under whatever host', async () => {
  const { name, QueueUrl } = await createQueue()
  await send(QueueUrl, 'hello')
  const elsewhere = new SQSClient({ ...fixture.clientConfig, useQueueUrlAsEndpoint: false })
  const { Messages } = await elsewhere.send(
    new ReceiveMessageCommand({ QueueUrl: `https://sqs.us-east-1.amazonaws.com/${accountId}/${name}` }),
  )
  expect(Messages).toHaveLength(1)
})

test('a queue policy grants to whom IAM grants nothing, and refuses whom IAM lets in', async () => {
  const { QueueUrl, arn } = await createQueue()
  const iam = new IAMClient(fixture.clientConfig)
  const { User } = await iam.send(new CreateUserCommand({ UserName: 'sender' }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'sender' }))
  const sender = new SQSClient({
    ...fixture.clientConfig,
    credentials: { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' },
  })
  const sendAsSender = () => sender.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }))
  await expect(sendAsSender()).rejects.toMatchObject({ name: 'AccessDenied' })
  const statement = (Effect: string, principal: string) => {
    return { Effect, Principal: { AWS: principal }, Action: 'sqs:SendMessage', Resource: arn }
  }
  const operator = `arn:aws:iam::${accountId}:user/operator`
  const Statement = [statement('Allow', User?.Arn ?? ''), statement('Deny', operator)]
  const Attributes = { Policy: JSON.stringify({ Version: '2012-10-17', Statement }) }
  await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }))
  await sendAsSender()
  await expect(send(QueueUrl, 'hello')).rejects.toMatchObject({ name: 'AccessDenied' })
})

test('an operation that is not there answers 501 by name', async () => {
  const { QueueUrl } = await createQueue()
  const addition = client.send(
    new AddPermissionCommand({ QueueUrl, Label: 'x', AWSAccountIds: ['1'], Actions: ['SendMessage'] }),
  )
  await expect(addition).rejects.toMatchObject({
    message: expect.stringContaining('AmazonSQS.AddPermission'),
    $metadata: { httpStatusCode: 501 },
  })
})
