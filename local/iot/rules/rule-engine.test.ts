import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Action } from '@aws-sdk/client-iot'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import type { Call } from '#local/service.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import type { Publication, Publisher } from '../publication.ts'
import { createRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import { callOf, createRole } from '../testing/create-role.ts'
import { createRuleEngine, type RuleEngine } from './rule-engine.ts'

const place = { accountId: '123456789012', region: 'eu-west-1' }
const clock = () => new Date()
const folder = mkdtempSync(join(tmpdir(), 'rules-'))
const functionArn = 'arn:aws:lambda:eu-west-1:123456789012:function:log-reading'
const invocations: { input: Record<string, unknown>; call: Call }[] = []
const log: string[] = []

let registry: Registry
let iam: Iam
let sqs: ReturnType<typeof createSqs>
let engine: RuleEngine
let queueUrl: string
let roleArn: string

beforeAll(async () => {
  registry = createRegistry({ folder, ...place, clock })
  iam = createIam({ folder, ...place, clock })
  sqs = createSqs({ folder, ...place, clock, endpoint: () => 'http://127.0.0.1:4566' })
  engine = createRuleEngine({
    registry,
    sqs: sqs.operations,
    lambda: { Invoke: (input, call) => void invocations.push({ input, call }) },
    authorizer: iam.authorizer,
    assumeRole: iam.assumeRole,
    publish: async (publication, publisher = {}) => engine.process(publication, publisher),
    ...place,
    clock,
    log: (line) => void log.push(line),
  })
  const output = await sqs.operations.CreateQueue?.({ QueueName: 'events' }, callOf(iam))
  queueUrl = (output as { QueueUrl: string }).QueueUrl
  roleArn = await createRole(iam, {
    name: 'rule-role',
    trusts: 'iot.amazonaws.com',
    statements: [
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:eu-west-1:123456789012:events' },
      { Effect: 'Allow', Action: 'iot:Publish', Resource: 'arn:aws:iot:eu-west-1:123456789012:topic/again/*' },
    ],
  })
})
afterAll(() => {
  sqs.close()
  iam.close()
  registry.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  for (const { id } of registry.topicRules.list()) registry.topicRules.delete(id)
  log.length = 0
})

function addRule(
  ruleName: string,
  sql: string,
  actions: Action[],
  more: { errorAction?: Action; ruleDisabled?: boolean } = {},
) {
  registry.topicRules.put(ruleName, { ruleName, payload: { sql, actions, ...more }, createdAtMs: 0 })
}

function publish(topic: string, payload: unknown, publisher: Publisher = { clientId: 'lamp', principal: 'f00d' }) {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload))
  const publication: Publication = { topic, payload: bytes, qos: 1, retain: false }
  engine.process(publication, publisher)
}

async function queued(): Promise<string[]> {
  const call = callOf(iam)
  const input = { QueueUrl: queueUrl, MaxNumberOfMessages: 10 }
  const { Messages = [] } = ((await sqs.operations.ReceiveMessage?.(input, call)) ?? {}) as {
    Messages?: { Body: string; ReceiptHandle: string }[]
  }
  for (const { ReceiptHandle } of Messages) {
    await sqs.operations.DeleteMessage?.({ QueueUrl: queueUrl, ReceiptHandle }, call)
  }
  return Messages.map(({ Body }) => Body)
}

test('a matching rule sends its result to a queue, and it is there when process() returns', async () => {
  addRule('to-queue', "SELECT temperature, topic(2) AS room FROM 'room/+' WHERE temperature > 20", [
    { sqs: { queueUrl, roleArn } },
  ])
  publish('room/kitchen', { temperature: 21, other: 1 })
  publish('room/cellar', { temperature: 9 })
  publish('other/kitchen', { temperature: 21 })
  expect(await queued()).toEqual(['{"temperature":21,"room":"kitchen"}'])
})

test('useBase64 carries any bytes', async () => {
  addRule('binary', "SELECT * FROM 'bytes'", [{ sqs: { queueUrl, roleArn, useBase64: true } }])
  publish('bytes', Buffer.from([0xff, 0]))
  expect(await queued()).toEqual(['/wA='])
})

test('a rule that is disabled, deleted or replaced acts so at once', async () => {
  const actions = [{ sqs: { queueUrl, roleArn } }]
  addRule('changing', "SELECT 1 AS version FROM 'x'", actions, { ruleDisabled: true })
  publish('x', {})
  addRule('changing', "SELECT 2 AS version FROM 'x'", actions)
  publish('x', {})
  addRule('changing', "SELECT 3 AS version FROM 'x'", actions)
  publish('x', {})
  registry.topicRules.delete('changing')
  publish('x', {})
  expect(await queued()).toEqual(['{"version":2}', '{"version":3}'])
})

test('Basic Ingest runs the rule that it names, whatever its FROM, and hides its prefix', async () => {
  const actions = [{ sqs: { queueUrl, roleArn } }]
  addRule('named', "SELECT topic() AS topic FROM 'elsewhere'", actions)
  addRule('other', "SELECT * FROM '#'", actions)
  publish('$aws/rules/named/a/b', {})
  publish('$aws/rules/nobody/a/b', {})
  expect(await queued()).toEqual(['{"topic":"a/b"}'])
})

test('a function is invoked by AWS IoT on behalf of the rule', () => {
  addRule('to-lambda', "SELECT *, clientid() AS client FROM 'y'", [{ lambda: { functionArn } }])
  publish('y', { a: 1 })
  const { input, call } = invocations.at(-1) ?? {}
  expect(input).toEqual({
    FunctionName: functionArn,
    InvocationType: 'Event',
    Payload: Buffer.from('{"a":1,"client":"lamp"}'),
  })
  expect(call?.caller).toMatchObject({
    kind: 'service',
    arn: 'iot.amazonaws.com',
    context: {
      'aws:SourceArn': 'arn:aws:iot:eu-west-1:123456789012:rule/to-lambda',
      'aws:SourceAccount': '123456789012',
    },
  })
})

test('republishing fills the topic in, needs iot:Publish on it, and is seen by other rules', async () => {
  addRule('again', "SELECT * FROM 'first/+'", [{ republish: { roleArn, topic: `again/\${topic(2)}` } }])
  addRule('listen', "SELECT topic() AS topic, clientid() AS client FROM 'again/#'", [{ sqs: { queueUrl, roleArn } }])
  publish('first/kitchen', { a: 1 })
  expect(await queued()).toEqual(['{"topic":"again/kitchen","client":"n/a"}'])
  addRule('forbidden', "SELECT * FROM 'second'", [{ republish: { roleArn, topic: 'forbidden' } }])
  publish('second', {})
  await engine.settled()
  expect(log).toEqual([expect.stringMatching(/^rule forbidden: RepublishAction failed: .*iot:Publish/)])
})

test('rules that republish in a circle come to an end', async () => {
  addRule('circle', "SELECT * FROM 'again/circle'", [{ republish: { roleArn, topic: 'again/circle' } }])
  publish('again/circle', {})
  await engine.settled()
  expect(log).toEqual([expect.stringContaining('Rules republished this message 10 times')])
})

test('an action that fails does not stop the others, and is told to the error action with all failures', async () => {
  const missing = 'http://127.0.0.1:4566/123456789012/missing'
  addRule(
    'failing',
    "SELECT a FROM 'z'",
    [
      { sqs: { queueUrl: missing, roleArn } },
      { lambda: { functionArn } },
      { republish: { roleArn, topic: 'forbidden' } },
    ],
    {
      errorAction: { sqs: { queueUrl, roleArn } },
    },
  )
  const before = invocations.length
  publish('z', { a: 1, b: 2 })
  await engine.settled()
  expect(invocations).toHaveLength(before + 1)
  const [report] = await queued()
  expect(JSON.parse(report ?? '')).toEqual({
    ruleName: 'failing',
    topic: 'z',
    cloudwatchTraceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    clientId: 'lamp',
    base64OriginalPayload: Buffer.from('{"a":1,"b":2}').toString('base64'),
    failures: [
      { failedAction: 'SqsAction', failedResource: missing, errorMessage: expect.any(String) },
      {
        failedAction: 'RepublishAction',
        failedResource: 'forbidden',
        errorMessage: expect.stringContaining('iot:Publish'),
      },
    ],
  })
})

test('a role that does not trust AWS IoT fails the action', async () => {
  const foreign = await createRole(iam, {
    name: 'foreign',
    trusts: 'lambda.amazonaws.com',
    statements: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }],
  })
  addRule('distrusted', "SELECT * FROM 'q'", [{ sqs: { queueUrl, roleArn: foreign } }])
  publish('q', {})
  await engine.settled()
  expect(await queued()).toEqual([])
  expect(log).toEqual([expect.stringMatching(/^rule distrusted: SqsAction failed: .*sts:AssumeRole/)])
})

test('a rule that cannot be read does not keep the others from running', async () => {
  addRule('broken', 'SELECT nonsense(', [{ sqs: { queueUrl, roleArn } }])
  addRule('sound', "SELECT * FROM 'w'", [{ sqs: { queueUrl, roleArn } }])
  publish('w', { a: 1 })
  expect(await queued()).toEqual(['{"a":1}'])
  expect(log).toEqual([expect.stringMatching(/^rule broken cannot run: /)])
})
