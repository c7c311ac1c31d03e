import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  DescribeRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge'
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { deploy, functionResources, openCloud } from '../../cloud.fixture.ts'
import { planStack } from '../plan-stack.ts'
import { parseTemplate } from '../template.ts'

const arn = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] })
const service = { Service: 'events.amazonaws.com' }

const writer = 'exports.handler = async (event) => console.log(JSON.stringify(event))'
const grantLogs = { Effect: 'Allow', Action: 'logs:*', Resource: '*' }

const template = (rule: object, more: object = {}) => ({
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue' },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: service,
              Action: 'sqs:SendMessage',
              Resource: arn('Queue'),
              Condition: { ArnEquals: { 'aws:SourceArn': arn('Rule') } },
            },
          ],
        },
      },
    },
    ...functionResources('Writer', 'writer', [grantLogs]),
    Rule: { Type: 'AWS::Events::Rule', Properties: rule },
    ...more,
  },
  Outputs: { Name: { Value: { Ref: 'Rule' } }, Arn: { Value: arn('Rule') }, Queue: { Value: { Ref: 'Queue' } } },
})
const permission = {
  Type: 'AWS::Lambda::Permission',
  Properties: {
    Action: 'lambda:InvokeFunction',
    FunctionName: { Ref: 'Writer' },
    Principal: 'events.amazonaws.com',
    SourceArn: arn('Rule'),
  },
}

test('a rule is created with its targets, sends events to them, changes, and goes', async () => {
  const cloud = await openCloud()
  const connection = {
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  }
  const events = new EventBridgeClient(connection)
  const sqs = new SQSClient(connection)
  const EventPattern = { source: ['fleet'], detail: { state: [{ prefix: 'quaran' }] } }
  const toQueue = { Id: 'queue', Arn: arn('Queue'), InputPath: '$.detail' }
  const toFunction = { Id: 'function', Arn: arn('Writer') }
  const run = (rule: object, more?: object) => deploy(cloud, template(rule, more), { writer })

  const created = await run(
    { EventPattern, Targets: [toQueue, toFunction], Tags: [{ Key: 'team', Value: 'fleet' }] },
    { Permission: permission },
  )
  const { Name = '', Queue = '', Arn } = created.outputs
  expect(Name).toMatch(/^Stack-Rule-[A-Z0-9]{12}$/)
  expect(Arn).toBe(`arn:aws:events:us-east-1:000000000000:rule/${Name}`)
  const put = () => {
    const entry = { Source: 'fleet', DetailType: 'State', Detail: '{"state":"quarantined"}' }
    return events.send(new PutEventsCommand({ Entries: [entry] }))
  }
  await put()
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: Queue, WaitTimeSeconds: 5 }))
  expect(Messages?.map(({ Body }) => Body)).toEqual(['{"state":"quarantined"}'])
  const written = () => readdirSync(cloud.logFolder).map((file) => readFileSync(join(cloud.logFolder, file), 'utf8'))
  await expect.poll(() => written().join('\n'), { timeout: 5000 }).toContain('"detail-type":"State","source":"fleet"')

  const updated = await run({
    ScheduleExpression: 'rate(1 day)',
    State: 'DISABLED',
    Description: 'sweep',
    Targets: [{ ...toQueue, InputPath: undefined, Input: '{"sweep":true}' }],
  })
  expect(updated.outputs.Name).toBe(Name)
  expect(updated.did).toContain('Rule UPDATE_COMPLETE')
  const rule = await events.send(new DescribeRuleCommand({ Name }))
  expect(rule).toMatchObject({ ScheduleExpression: 'rate(1 day)', State: 'DISABLED', Description: 'sweep' })
  expect(rule.EventPattern).toBeUndefined()
  const { Targets } = await events.send(new ListTargetsByRuleCommand({ Rule: Name }))
  expect(Targets).toEqual([{ Id: 'queue', Arn: expect.any(String), Input: '{"sweep":true}' }])
  expect((await events.send(new ListTagsForResourceCommand({ ResourceARN: Arn }))).Tags).toEqual([])

  const replaced = await run({ Name: 'sweep', ScheduleExpression: 'rate(1 day)' })
  expect(replaced.did).toContain('Rule DELETE_COMPLETE')
  const names = async () => (await events.send(new ListRulesCommand({}))).Rules?.map((listed) => listed.Name)
  expect(await names()).toEqual(['sweep'])
  await deploy(cloud, { Resources: {} })
  expect(await names()).toEqual([])
})

test('a function that does not let the rule invoke it is not invoked', async () => {
  const cloud = await openCloud()
  const rule = { EventPattern: { source: ['fleet'] }, Targets: [{ Id: 'function', Arn: arn('Writer') }] }
  const other = { ...permission.Properties, SourceArn: { 'Fn::Sub': `\${Rule.Arn}-other` } }
  await deploy(cloud, template(rule, { Permission: { ...permission, Properties: other } }), { writer })
  const events = new EventBridgeClient({
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  })
  await events.send(new PutEventsCommand({ Entries: [{ Source: 'fleet', DetailType: 'State', Detail: '{}' }] }))
  await expect
    .poll(() => cloud.lines.join('\n'))
    .toMatch(/was dropped: .*events\.amazonaws\.com is not authorized to perform: lambda:InvokeFunction/)
})

test.each([
  [{ EventPattern: {}, Targets: [{ Id: '1', Arn: 'x', RetryPolicy: {} }] }, 'Unrecognized key: "RetryPolicy"'],
  [{ EventPattern: {}, RoleArn: 'x' }, 'Unrecognized key: "RoleArn"'],
  [{ EventPattern: {}, EventBusName: 'mine' }, 'the default event bus only'],
])('%j is refused before anything is created', (properties, message) => {
  const Resources = { Rule: { Type: 'AWS::Events::Rule', Properties: properties } }
  expect(() => planStack(parseTemplate({ Resources }), {})).toThrow(message)
})
