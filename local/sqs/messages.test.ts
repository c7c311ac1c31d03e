import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { startSqs } from './sqs-fixture.ts'

const { client, createQueue, send, receive, count, later, stop } = await startSqs()
afterAll(stop)

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

test('a long poll misses no message that becomes visible while it looks', async () => {
  const slow = await startSqs({ secondsPerLook: 0.7 })
  onTestFinished(() => slow.stop())
  const { QueueUrl } = await slow.createQueue({ DelaySeconds: '1' })
  await slow.send(QueueUrl, 'late')
  const begun = performance.now()
  expect(await slow.receive(QueueUrl, { WaitTimeSeconds: 10 })).toMatchObject([{ Body: 'late' }])
  expect(performance.now() - begun).toBeLessThan(5000)
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
