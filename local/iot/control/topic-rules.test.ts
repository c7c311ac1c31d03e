import {
  CreateTopicRuleCommand,
  DeleteTopicRuleCommand,
  DisableTopicRuleCommand,
  EnableTopicRuleCommand,
  GetTopicRuleCommand,
  ListTagsForResourceCommand,
  ListTopicRulesCommand,
  ReplaceTopicRuleCommand,
  type TopicRulePayload,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
})
afterAll(() => control.close())

const roleArn = 'arn:aws:iam::123456789012:role/rule'
const queueUrl = 'http://127.0.0.1/123456789012/events'
const payload: TopicRulePayload = {
  sql: "SELECT * FROM '$aws/events/certificates/registered/+'",
  awsIotSqlVersion: '2016-03-23',
  actions: [{ sqs: { roleArn, queueUrl, useBase64: false } }],
}

test('a rule is created, read, replaced, switched off and on, and deleted', async () => {
  control.asked.length = 0
  await send(new CreateTopicRuleCommand({ ruleName: 'jitr', topicRulePayload: payload, tags: 'team=a%20b&x=' }))
  const ruleArn = 'arn:aws:iot:eu-central-1:123456789012:rule/jitr'
  expect(control.asked.map(([, action, resource]) => [action, resource])).toEqual([
    ['iot:CreateTopicRule', ruleArn],
    ['iam:PassRole', roleArn],
  ])
  const read = async () => (await send(new GetTopicRuleCommand({ ruleName: 'jitr' }))).rule
  expect(await read()).toMatchObject({ ruleName: 'jitr', ...payload, ruleDisabled: false, createdAt: expect.any(Date) })
  expect((await send(new ListTagsForResourceCommand({ resourceArn: ruleArn }))).tags).toEqual([
    { Key: 'team', Value: 'a b' },
    { Key: 'x', Value: '' },
  ])

  await send(new DisableTopicRuleCommand({ ruleName: 'jitr' }))
  expect(control.registry.enabledTopicRules()).toEqual([])
  await send(new EnableTopicRuleCommand({ ruleName: 'jitr' }))
  expect(control.registry.enabledTopicRules()).toHaveLength(1)

  const replaced = { ...payload, sql: "SELECT a FROM 'other'", errorAction: { lambda: { functionArn: 'arn:f' } } }
  await send(new ReplaceTopicRuleCommand({ ruleName: 'jitr', topicRulePayload: replaced }))
  expect(await read()).toMatchObject({ sql: replaced.sql, errorAction: replaced.errorAction })
  await expect(send(new CreateTopicRuleCommand({ ruleName: 'jitr', topicRulePayload: payload }))).rejects.toMatchObject(
    { name: 'ResourceAlreadyExistsException' },
  )

  await send(new DeleteTopicRuleCommand({ ruleName: 'jitr' }))
  await send(new DeleteTopicRuleCommand({ ruleName: 'jitr' }))
  await expect(read()).rejects.toMatchObject({
    name: 'UnauthorizedException',
    message: "Access to topic rule 'jitr' was denied",
    $metadata: { httpStatusCode: 401 },
  })
})

test('rules are listed with their topic, by topic and state', async () => {
  for (const [ruleName, filter, ruleDisabled] of [
    ['a', 'x/+', false],
    ['b', 'x/y', true],
    ['c', 'z', false],
  ] as const) {
    const topicRulePayload = { ...payload, sql: `SELECT * FROM '${filter}'`, ruleDisabled }
    await send(new CreateTopicRuleCommand({ ruleName, topicRulePayload }))
  }
  const list = async (filter: ListTopicRulesCommand['input']) =>
    (await send(new ListTopicRulesCommand(filter))).rules?.map((rule) => `${rule.ruleName} ${rule.topicPattern}`)
  expect(await list({})).toEqual(['a x/+', 'b x/y', 'c z'])
  expect(await list({ topic: 'x/y' })).toEqual(['a x/+', 'b x/y'])
  expect(await list({ ruleDisabled: true })).toEqual(['b x/y'])
})

test('a rule that the engine would not run is refused when it is made', async () => {
  const create = (part: Partial<TopicRulePayload>) =>
    send(new CreateTopicRuleCommand({ ruleName: 'bad', topicRulePayload: { ...payload, ...part } }))
  await expect(create({ sql: 'SELECT FROM' })).rejects.toMatchObject({ name: 'SqlParseException' })
  await expect(create({ actions: [{ sns: { roleArn, targetArn: 'arn:t' } }] })).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('sns'),
  })
  await expect(create({ actions: [{ sqs: { roleArn, queueUrl: undefined } }] })).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: expect.stringContaining("'topicRulePayload.actions.1.member.sqs.queueUrl'"),
  })
  await expect(create({ errorAction: {} as never })).rejects.toMatchObject({ name: 'InvalidRequestException' })
  expect(control.registry.topicRules.get('bad')).toBeUndefined()
})
