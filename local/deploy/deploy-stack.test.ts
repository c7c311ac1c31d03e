import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { deploy, functionResources, makeFolder, openCloud } from '../cloud.fixture.ts'
import type { Cloud } from '../cloud.ts'

const connection = (cloud: Cloud) => ({
  endpoint: cloud.endpoints.gateway,
  region: cloud.region,
  credentials: cloud.operatorCredentials,
})

const queue = (properties: object = {}, more: object = {}) => ({
  Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: properties, ...more } },
  Outputs: { Url: { Value: { Ref: 'Queue' } }, Name: { Value: { 'Fn::GetAtt': ['Queue', 'QueueName'] } } },
})

test('a stack is created, left, updated, replaced and emptied', async () => {
  const cloud = await openCloud()
  const sqs = new SQSClient(connection(cloud))
  const created = await deploy(cloud, queue())
  expect(created.did).toEqual(['Queue CREATE_COMPLETE'])
  expect(created.outputs.Name).toMatch(/^Stack-Queue-[A-Z0-9]{12}$/)
  expect((await deploy(cloud, queue())).did).toEqual(['Queue UNCHANGED'])

  const updated = await deploy(cloud, queue({ VisibilityTimeout: '77' }))
  expect(updated.did).toEqual(['Queue UPDATE_COMPLETE'])
  expect(updated.outputs).toEqual(created.outputs)
  const read = (url = '') => sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }))
  expect((await read(created.outputs.Url)).Attributes?.VisibilityTimeout).toBe('77')

  const replaced = await deploy(cloud, queue({ QueueName: 'mine' }))
  expect(replaced.did).toEqual(['Queue CREATE_COMPLETE', 'Queue DELETE_COMPLETE'])
  expect(replaced.events[0]?.reason).toBe('QueueName changed, which needs a new resource')
  await expect(read(created.outputs.Url)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })

  expect((await deploy(cloud, { Resources: {} })).did).toEqual(['Queue DELETE_COMPLETE'])
  await expect(read(replaced.outputs.Url)).rejects.toMatchObject({ name: 'QueueDoesNotExist' })
})

test('what is retained stays when the template lets it go', async () => {
  const cloud = await openCloud()
  const { outputs } = await deploy(cloud, queue({}, { DeletionPolicy: 'Retain' }))
  expect((await deploy(cloud, { Resources: {} })).did).toEqual(['Queue RETAINED'])
  const command = new GetQueueAttributesCommand({ QueueUrl: outputs.Url, AttributeNames: ['QueueArn'] })
  await expect(new SQSClient(connection(cloud)).send(command)).resolves.toBeDefined()
})

test('a deployment that failed goes on where it stopped', async () => {
  const cloud = await openCloud()
  const resources = (name: string) => ({
    Resources: {
      Good: { Type: 'AWS::SQS::Queue' },
      Bad: { Type: 'AWS::SQS::Queue', Properties: { QueueName: name }, DependsOn: 'Good' },
    },
  })
  await expect(deploy(cloud, resources('not a name'))).rejects.toThrow('Bad (AWS::SQS::Queue): ')
  expect((await deploy(cloud, resources('name'))).did).toEqual(['Good UNCHANGED', 'Bad CREATE_COMPLETE'])
})

test('a table gets its indexes, its recovery and its expiry, and changes in place', async () => {
  const cloud = await openCloud()
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' })
  const index = (name: string) => ({
    IndexName: `by-${name}`,
    KeySchema: [{ AttributeName: name, KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  })
  const table = (names: string[], more: object) => ({
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: ['pk', ...names].map(attribute),
          BillingMode: 'PAY_PER_REQUEST',
          GlobalSecondaryIndexes: names.map(index),
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          ...more,
        },
      },
    },
    Outputs: { Name: { Value: { Ref: 'Table' } } },
  })
  const { outputs } = await deploy(
    cloud,
    table(['a'], {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    }),
  )
  const { did } = await deploy(
    cloud,
    table(['b'], { TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true } }),
  )
  expect(did).toEqual(['Table UPDATE_COMPLETE'])
  const { Table } = await new DynamoDBClient(connection(cloud)).send(
    new DescribeTableCommand({ TableName: outputs.Name }),
  )
  expect(Table?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName)).toEqual(['by-b'])
  expect(Table?.DeletionProtectionEnabled).toBe(false)
})

const handler = `
  const https = require('node:https')
  exports.handler = async (event) => {
    const { ResponseURL, ...request } = event
    if (request.ResourceProperties.Mode === 'throw') throw new Error('broken handler')
    const failed = request.ResourceProperties.Mode === 'fail'
    const body = JSON.stringify({
      Status: failed ? 'FAILED' : 'SUCCESS',
      Reason: failed ? 'not today' : undefined,
      PhysicalResourceId: 'made-by-' + request.ResourceProperties.Owner,
      StackId: request.StackId,
      RequestId: request.RequestId,
      LogicalResourceId: request.LogicalResourceId,
      Data: { Request: JSON.stringify(request) },
    })
    await new Promise((resolve, reject) => {
      const put = https.request(ResponseURL, { method: 'PUT', headers: { 'content-length': body.length } }, resolve)
      put.on('error', reject)
      put.end(body)
    })
  }`

test('a custom resource is made, changed, replaced and removed by its function', async () => {
  const cloud = await openCloud()
  const template = (properties: object) => ({
    Resources: {
      ...functionResources('Maker', 'maker'),
      Thing: {
        Type: 'Custom::Thing',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['Maker', 'Arn'] }, ...properties },
      },
    },
    Outputs: { Request: { Value: { 'Fn::GetAtt': ['Thing', 'Request'] } }, Id: { Value: { Ref: 'Thing' } } },
  })
  const run = (properties: object) => deploy(cloud, template(properties), { maker: handler })
  const created = await run({ Owner: 'a', Count: 1 })
  expect(created.outputs.Id).toBe('made-by-a')
  expect(JSON.parse(created.outputs.Request ?? '')).toMatchObject({
    RequestType: 'Create',
    ResourceType: 'Custom::Thing',
    LogicalResourceId: 'Thing',
    ResourceProperties: { Owner: 'a', Count: '1', ServiceToken: expect.stringContaining(':function:Stack-Maker-') },
  })
  expect((await run({ Owner: 'a', Count: 1 })).did).toContain('Thing UNCHANGED')

  const updated = await run({ Owner: 'a', Count: 2 })
  expect(JSON.parse(updated.outputs.Request ?? '')).toMatchObject({
    RequestType: 'Update',
    PhysicalResourceId: 'made-by-a',
    OldResourceProperties: { Count: '1' },
  })
  const replaced = await run({ Owner: 'b', Count: 2 })
  expect(replaced.outputs.Id).toBe('made-by-b')
  expect(replaced.did.slice(-2)).toEqual(['Thing UPDATE_COMPLETE', 'Thing DELETE_COMPLETE'])

  await expect(run({ Owner: 'b', Mode: 'fail' })).rejects.toThrow('Thing (Custom::Thing): not today')
  await expect(run({ Owner: 'b', Mode: 'throw' })).rejects.toThrow(
    'its function failed before it answered: {"errorType"',
  )
  const { did } = await deploy(cloud, { Resources: {} })
  expect(did[0]).toBe('Thing DELETE_COMPLETE')
})

test('a cloud that listens on other ports tells it to what was deployed', async () => {
  const stateDir = makeFolder()
  const template = {
    Resources: {
      Queue: { Type: 'AWS::SQS::Queue' },
      Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'api', ProtocolType: 'HTTP' } },
      ...functionResources('Reader', 'reader', [], { QUEUE: { Ref: 'Queue' } }),
    },
    Outputs: { Url: { Value: { Ref: 'Queue' } }, Api: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
  }
  const sources = { reader: 'exports.handler = async () => process.env.QUEUE' }
  const first = await openCloud({ stateDir })
  await deploy(first, template, sources)
  await first.close()
  const ports = await Promise.all([freePort(), freePort()])
  const second = await openCloud({ stateDir, ports: { gateway: ports[0], api: ports[1] } })
  const { outputs, did } = await deploy(second, template, sources)
  expect(did.filter((line) => !line.endsWith('UNCHANGED'))).toEqual(['Reader UPDATE_COMPLETE'])
  expect(outputs.Url).toMatch(new RegExp(`^${second.endpoints.gateway}/000000000000/Stack-Queue-`))
  expect(outputs.Api).toBe(second.endpoints.api)
})

test('what was deployed is known after a restart', async () => {
  const stateDir = makeFolder()
  const first = await openCloud({ stateDir })
  const { outputs } = await deploy(first, queue())
  await first.close()
  const second = await openCloud({ stateDir })
  expect(second.endpoints).toEqual(first.endpoints)
  const again = await deploy(second, queue())
  expect(again.did).toEqual(['Queue UNCHANGED'])
  expect(again.outputs).toEqual(outputs)
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
