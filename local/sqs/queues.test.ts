import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  TagQueueCommand,
  UntagQueueCommand,
} from '@aws-sdk/client-sqs'
import { HttpRequest } from '@smithy/protocol-http'
import { afterAll, expect, test } from 'vitest'
import { accountId, region } from '#local/gateway/gateway-fixture.ts'
import { createSigner } from '#local/gateway/sigv4/signer-fixture.ts'
import { startSqs } from './sqs-fixture.ts'

const { client, gateway, createQueue, send, count, stop } = await startSqs()
afterAll(stop)

test('a queue is made once, and again only with the same attributes', async () => {
  const { name, QueueUrl } = await createQueue({ VisibilityTimeout: '45' })
  expect(QueueUrl).toBe(`${gateway.endpoint}/${accountId}/${name}`)
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
  const elsewhere = new SQSClient({ ...gateway.clientConfig, useQueueUrlAsEndpoint: false })
  const { Messages } = await elsewhere.send(
    new ReceiveMessageCommand({ QueueUrl: `https://sqs.us-east-1.amazonaws.com/${accountId}/${name}` }),
  )
  expect(Messages).toHaveLength(1)
})

test('a queue policy grants to whom IAM grants nothing, and refuses whom IAM lets in', async () => {
  const { QueueUrl, arn } = await createQueue()
  const iam = new IAMClient(gateway.clientConfig)
  const { User } = await iam.send(new CreateUserCommand({ UserName: 'sender' }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'sender' }))
  const sender = new SQSClient({
    ...gateway.clientConfig,
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

test('the query protocol of older clients answers 501 and says what to use', async () => {
  const { endpoint, credentials } = gateway.clientConfig
  const headers = { host: new URL(endpoint).host, 'content-type': 'application/x-www-form-urlencoded' }
  const body = 'Action=ListQueues&Version=2012-11-05'
  const request = new HttpRequest({ method: 'POST', path: '/', headers, body })
  const signed = await createSigner({ service: 'sqs', region, credentials }).sign(request)
  const response = await fetch(endpoint, { method: 'POST', headers: signed.headers, body })
  expect(response.status).toBe(501)
  expect(await response.text()).toContain('the query protocol of SQS')
})
