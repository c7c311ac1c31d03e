import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTagsOfResourceCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb'
import { expect, onTestFinished, test } from 'vitest'
import { createGateway } from '#local/gateway/gateway.ts'
import { createIam } from '#local/iam/create-iam.ts'
import { createDynamoDb } from './create-dynamodb.ts'

const common = { accountId: '123456789012', region: 'eu-central-1', clock: () => new Date() }

async function startDynamoDb(folder = mkdtempSync(join(tmpdir(), 'dynamodb-'))) {
  const lines: string[] = []
  const iam = createIam({ ...common, folder: join(folder, 'iam') })
  const dynamodb = createDynamoDb({ ...common, folder: join(folder, 'dynamodb'), log: (line) => void lines.push(line) })
  const gateway = createGateway({ ...iam, ...common, services: { dynamodb: dynamodb.service } })
  const port = await gateway.listen(0)
  const connect = (credentials = iam.operatorCredentials()) =>
    new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: common.region, credentials })
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await gateway.close()
    await dynamodb.close()
    iam.close()
  }
  return { folder, iam, dynamodb, lines, client: connect(), connect, close }
}

const table = {
  TableName: 'things',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'kind', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  BillingMode: 'PAY_PER_REQUEST',
  GlobalSecondaryIndexes: [
    {
      IndexName: 'kinds',
      KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
} as const

async function startWithTable() {
  const cloud = await startDynamoDb()
  onTestFinished(async () => {
    await cloud.close()
    rmSync(cloud.folder, { recursive: true })
  })
  await cloud.client.send(new CreateTableCommand({ ...table, Tags: [{ Key: 'stage', Value: 'test' }] } as never))
  await expect.poll(async () => (await describe(cloud.client)).TableStatus).toBe('ACTIVE')
  return cloud
}

async function describe(client: DynamoDBClient) {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'things' }))
  return Table ?? {}
}

test('tables have the account and region of the cloud, tags, and settings that the engine does not know', async () => {
  const { client } = await startWithTable()
  const { TableArn: ResourceArn = '' } = await describe(client)
  expect(ResourceArn).toBe('arn:aws:dynamodb:eu-central-1:123456789012:table/things')
  const { Tags } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }))
  expect(Tags).toEqual([{ Key: 'stage', Value: 'test' }])

  const TableName = 'things'
  await client.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }))
  expect((await describe(client)).DeletionProtectionEnabled).toBe(true)
  await expect(client.send(new DeleteTableCommand({ TableName }))).rejects.toThrow('protected against deletion')
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true }
  await client.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }))
  const backups = await client.send(new DescribeContinuousBackupsCommand({ TableName }))
  expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe(
    'ENABLED',
  )
  const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: true }
  await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }))
  const ttl = await client.send(new DescribeTimeToLiveCommand({ TableName }))
  expect(ttl.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' })
})

test('items are written on a condition and read through an index', async () => {
  const { client } = await startWithTable()
  const Item = { pk: { S: 'a' }, kind: { S: 'press' }, blob: { B: new Uint8Array([0, 255]) } }
  const put = { TableName: 'things', Item, ConditionExpression: 'attribute_not_exists(pk)' }
  await client.send(new PutItemCommand(put))
  await expect(client.send(new PutItemCommand(put))).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' })
  const query = { KeyConditionExpression: 'kind = :k', ExpressionAttributeValues: { ':k': { S: 'press' } } }
  const { Items } = await client.send(new QueryCommand({ TableName: 'things', IndexName: 'kinds', ...query }))
  expect(Items).toEqual([Item])
})

test('each table and index is a resource of its own for IAM', async () => {
  const cloud = await startWithTable()
  // biome-ignore lint/suspicious/noExplicitAny: outputs have the shape of the AWS API model
  const callIam = async (operation: string, input: object): Promise<any> => {
    const call = { caller: cloud.iam.root, requestId: 'test', sourceIp: '127.0.0.1', authorize: () => {} }
    return cloud.iam.operations[operation]?.(input, call)
  }
  await callIam('CreateUser', { UserName: 'reader' })
  const statement = {
    Effect: 'Allow',
    Action: ['dynamodb:GetItem', 'dynamodb:Query'],
    Resource: 'arn:aws:dynamodb:eu-central-1:123456789012:table/things',
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  await callIam('PutUserPolicy', { UserName: 'reader', PolicyName: 'read', PolicyDocument })
  const { AccessKey } = await callIam('CreateAccessKey', { UserName: 'reader' })
  const reader = cloud.connect({ accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey })
  const Key = { pk: { S: 'a' } }
  await expect(reader.send(new GetItemCommand({ TableName: 'things', Key }))).resolves.toBeDefined()
  await expect(reader.send(new PutItemCommand({ TableName: 'things', Item: Key }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(
      'dynamodb:PutItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/things',
    ),
  })
  const query = { KeyConditionExpression: 'kind = :k', ExpressionAttributeValues: { ':k': { S: 'press' } } }
  await expect(reader.send(new QueryCommand({ TableName: 'things', IndexName: 'kinds', ...query }))).rejects.toThrow(
    'table/things/index/kinds',
  )
})

test('an index that comes later has the items that were there, and one that goes has none', async () => {
  const { client } = await startWithTable()
  const TableName = 'things'
  const put = (pk: string, color: string) =>
    client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, kind: { S: 'k' }, color: { S: color } } }))
  for (let n = 0; n < 20; n++) await put(`before-${n}`, 'red')
  const Create = {
    IndexName: 'colors',
    KeySchema: [{ AttributeName: 'color', KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  }
  const update = new UpdateTableCommand({
    TableName,
    AttributeDefinitions: [...table.AttributeDefinitions, { AttributeName: 'color', AttributeType: 'S' }],
    GlobalSecondaryIndexUpdates: [{ Create }],
  })
  await Promise.all([client.send(update), ...['a', 'b', 'c'].map((pk) => put(pk, 'red')), put('before-3', 'blue')])
  const query = new QueryCommand({
    TableName,
    IndexName: 'colors',
    KeyConditionExpression: 'color = :c',
    ExpressionAttributeValues: { ':c': { S: 'red' } },
  })
  const { Items = [] } = await client.send(query)
  expect(Items.length).toBe(22)
  expect(Items[0]).not.toHaveProperty('kind')
  const GlobalSecondaryIndexUpdates = [{ Delete: { IndexName: 'colors' } }]
  await client.send(new UpdateTableCommand({ TableName, GlobalSecondaryIndexUpdates }))
  await expect(client.send(query)).rejects.toMatchObject({ name: 'ValidationException' })
})

test('what the engine lacks is refused by name', async () => {
  const { client } = await startWithTable()
  const TransactItems = [{ Put: { TableName: 'things', Item: { pk: { S: 'a' } } } }]
  await expect(client.send(new TransactWriteItemsCommand({ TransactItems }))).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('TransactWriteItems'),
  })
  const put = { TableName: 'things', Item: { pk: { S: 'a' } }, ConditionExpression: 'attribute_exists(pk)' }
  await expect(
    client.send(new PutItemCommand({ ...put, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })),
  ).rejects.toThrow('ReturnValuesOnConditionCheckFailure ALL_OLD')
})

test('acknowledged items survive the end of the engine, and requests wait for the next one', async () => {
  const cloud = await startWithTable()
  await cloud.client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'kept' } } }))
  const processes = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
  const engine = processes.split('\n').find((line) => line.includes(join(cloud.folder, 'dynamodb')))
  process.kill(Number.parseInt(engine ?? '', 10), 'SIGKILL')
  const get = new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'kept' } } })
  await expect.poll(() => cloud.lines.join()).toContain('is started again')
  expect((await cloud.client.send(get)).Item).toEqual({ pk: { S: 'kept' } })
})

test('acknowledged items survive the end of the cloud', async () => {
  const cloud = await startWithTable()
  const get = new GetItemCommand({ TableName: 'things', Key: { pk: { S: 'kept' } } })
  await cloud.client.send(new PutItemCommand({ TableName: 'things', Item: { pk: { S: 'kept' } } }))
  await cloud.close()
  const again = await startDynamoDb(cloud.folder)
  expect((await again.client.send(get)).Item).toEqual({ pk: { S: 'kept' } })
  await again.close()
})
