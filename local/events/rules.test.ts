import {
  DeleteRuleCommand,
  DescribeEventBusCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListRuleNamesByTargetCommand,
  ListRulesCommand,
  ListTagsForResourceCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TagResourceCommand,
  type Target,
  TestEventPatternCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-eventbridge'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EventsFixture, startEvents } from './events-fixture.ts'

let events: EventsFixture
beforeAll(async () => {
  events = await startEvents()
})
afterAll(() => events.stop())

const EventPattern = '{"source":["fleet"]}'
const queue = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`

test('a rule is made, told, changed, switched and deleted', async () => {
  const { client } = events
  const rule = { Name: 'one', EventPattern, Description: 'first', Tags: [{ Key: 'team', Value: 'a' }] }
  const { RuleArn } = await client.send(new PutRuleCommand(rule))
  expect(RuleArn).toBe('arn:aws:events:us-east-1:000000000000:rule/one')
  const describe = () => client.send(new DescribeRuleCommand({ Name: 'one' }))
  expect(await describe()).toMatchObject({
    Name: 'one',
    Arn: RuleArn,
    EventPattern,
    State: 'ENABLED',
    Description: 'first',
    EventBusName: 'default',
    CreatedBy: '000000000000',
  })
  await client.send(new DisableRuleCommand({ Name: 'one' }))
  expect((await describe()).State).toBe('DISABLED')
  await client.send(new EnableRuleCommand({ Name: 'one', EventBusName: 'default' }))
  expect((await describe()).State).toBe('ENABLED')
  // What is left out is gone, but tags stay.
  await client.send(new PutRuleCommand({ Name: 'one', ScheduleExpression: 'rate(1 day)', Tags: [] }))
  const changed = await describe()
  expect(changed.ScheduleExpression).toBe('rate(1 day)')
  expect(changed.EventPattern).toBeUndefined()
  expect(changed.Description).toBeUndefined()
  const tags = () => client.send(new ListTagsForResourceCommand({ ResourceARN: RuleArn }))
  expect((await tags()).Tags).toEqual([{ Key: 'team', Value: 'a' }])
  await client.send(new TagResourceCommand({ ResourceARN: RuleArn, Tags: [{ Key: 'cost', Value: '' }] }))
  await client.send(new UntagResourceCommand({ ResourceARN: RuleArn, TagKeys: ['team'] }))
  expect((await tags()).Tags).toEqual([{ Key: 'cost', Value: '' }])

  await client.send(new DeleteRuleCommand({ Name: 'one' }))
  await expect(describe()).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
  await client.send(new DeleteRuleCommand({ Name: 'one' }))
})

test('targets are put, listed and removed, and hold their rule', async () => {
  const { client } = events
  await events.putRule('held', { EventPattern }, [
    { Id: 'b', Arn: queue('b') },
    { Id: 'a', Arn: queue('a'), InputPath: '$.detail' },
  ])
  await client.send(new PutTargetsCommand({ Rule: 'held', Targets: [{ Id: 'b', Arn: queue('c'), Input: '{"a":1}' }] }))
  const list = (more = {}) => client.send(new ListTargetsByRuleCommand({ Rule: 'held', ...more }))
  expect((await list()).Targets).toEqual([
    { Id: 'a', Arn: queue('a'), InputPath: '$.detail' },
    { Id: 'b', Arn: queue('c'), Input: '{"a":1}' },
  ])
  const first = await list({ Limit: 1 })
  expect(first.Targets).toHaveLength(1)
  expect((await list({ Limit: 1, NextToken: first.NextToken })).Targets).toMatchObject([{ Id: 'b' }])
  const { RuleNames } = await client.send(new ListRuleNamesByTargetCommand({ TargetArn: queue('a') }))
  expect(RuleNames).toEqual(['held'])
  await expect(client.send(new DeleteRuleCommand({ Name: 'held' }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: "Rule can't be deleted since it has targets.",
  })
  const removed = await client.send(new RemoveTargetsCommand({ Rule: 'held', Ids: ['a', 'b', 'x'] }))
  expect(removed).toMatchObject({
    FailedEntryCount: 1,
    FailedEntries: [{ TargetId: 'x', ErrorCode: 'ResourceNotFoundException' }],
  })
  await client.send(new DeleteRuleCommand({ Name: 'held' }))
})

test('rules are listed by prefix, in pages', async () => {
  const names = ['p-1', 'p-2', 'p-3']
  for (const name of names) await events.putRule(name, { EventPattern })
  const found: (string | undefined)[] = []
  let NextToken: string | undefined
  do {
    const page = await events.client.send(
      new ListRulesCommand({ NamePrefix: 'p-', Limit: 2, ...(NextToken && { NextToken }) }),
    )
    found.push(...(page.Rules ?? []).map(({ Name }) => Name))
    NextToken = page.NextToken
  } while (NextToken)
  expect(found).toEqual(names)
})

test.each<[object, string]>([
  [{ Name: 'x' }, 'ValidationException'],
  [{ Name: 'not a name', EventPattern }, 'ValidationException'],
  [{ Name: 'x', ScheduleExpression: 'rate(1 minutes)' }, 'ValidationException'],
  [{ Name: 'x', EventPattern: '{"a":[{"like":"b"}]}' }, 'InvalidEventPatternException'],
  [{ Name: 'x', EventPattern, State: 'ON' }, 'ValidationException'],
  [{ Name: 'x', EventPattern, EventBusName: 'other' }, 'ResourceNotFoundException'],
  [{ Name: 'x', EventPattern, RoleArn: 'arn:aws:iam::000000000000:role/r' }, 'NotImplemented'],
  [{ Name: 'x', EventPattern, Tags: [{ Key: 'aws:x', Value: '' }] }, 'ValidationException'],
])('PutRule %j: %s', async (input, name) => {
  await expect(events.client.send(new PutRuleCommand(input as { Name: string }))).rejects.toMatchObject({ name })
})

test.each<[object, string, string]>([
  [{ Arn: 'x' }, 'ValidationException', 'Provided Arn is not in correct format'],
  [{ Arn: 'arn:aws:sns:us-east-1:000000000000:topic' }, 'NotImplemented', 'sns'],
  [{ Arn: `${queue('q')}.fifo` }, 'NotImplemented', 'q.fifo'],
  [{ Arn: 'arn:aws:sqs:eu-west-1:000000000000:q' }, 'NotImplemented', 'another account or Region'],
  [{ Arn: queue('q'), InputTransformer: { InputTemplate: '"x"' } }, 'NotImplemented', 'InputTransformer'],
  [{ Arn: queue('q'), RoleArn: 'arn:aws:iam::000000000000:role/r' }, 'NotImplemented', 'RoleArn'],
  [{ Arn: queue('q'), RetryPolicy: { MaximumRetryAttempts: 1 } }, 'NotImplemented', 'RetryPolicy'],
  [{ Arn: queue('q'), DeadLetterConfig: { Arn: queue('d') } }, 'NotImplemented', 'DeadLetterConfig'],
  [{ Arn: queue('q'), Input: '{' }, 'ValidationException', 'not valid JSON'],
  [{ Arn: queue('q'), InputPath: "$['a']" }, 'ValidationException', 'InputPath'],
  [{ Arn: queue('q'), Input: '{}', InputPath: '$.a' }, 'ValidationException', 'Only one of'],
])('PutTargets %j: %s', async (target, name, message) => {
  await events.putRule('refusing', { EventPattern })
  const Targets = [{ Id: '1', ...target } as Target]
  await expect(events.client.send(new PutTargetsCommand({ Rule: 'refusing', Targets }))).rejects.toMatchObject({
    name,
    message: expect.stringContaining(message),
  })
})

test('a rule has at most five targets', async () => {
  await events.putRule('five', { EventPattern })
  const Targets = ['1', '2', '3', '4', '5', '6'].map((Id) => ({ Id, Arn: queue('q') }))
  await expect(events.client.send(new PutTargetsCommand({ Rule: 'five', Targets }))).rejects.toMatchObject({
    name: 'LimitExceededException',
  })
})

test('a pattern is tried on an event', async () => {
  const { client } = events
  const event = {
    ...{ id: '1', account: '0', source: 'fleet', time: '2026-01-01T00:00:00Z', region: 'us-east-1' },
    ...{ resources: [], 'detail-type': 't', detail: {} },
  }
  const run = (pattern: string, Event: string) =>
    client.send(new TestEventPatternCommand({ EventPattern: pattern, Event }))
  expect((await run(EventPattern, JSON.stringify(event))).Result).toBe(true)
  expect((await run('{"source":["x"]}', JSON.stringify(event))).Result).toBe(false)
  await expect(run(EventPattern, '{}')).rejects.toMatchObject({ name: 'ValidationException' })
  await expect(run('{}', JSON.stringify(event))).rejects.toMatchObject({ name: 'InvalidEventPatternException' })
})

test('the default event bus is there, and no other', async () => {
  const describe = (Name?: string) => events.client.send(new DescribeEventBusCommand(Name ? { Name } : {}))
  const Arn = 'arn:aws:events:us-east-1:000000000000:event-bus/default'
  expect(await describe()).toMatchObject({ Name: 'default', Arn })
  expect(await describe(Arn)).toMatchObject({ Name: 'default' })
  await expect(describe('other')).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
})
