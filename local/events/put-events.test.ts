import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge'
import { IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRole } from '#local/iot/testing/create-role.ts'
import { AwsError, type Call } from '#local/service.ts'
import { type EventsFixture, startEvents } from './events-fixture.ts'

const invocations: { input: Record<string, unknown>; call: Call }[] = []
let failures = 0
let events: EventsFixture
beforeAll(async () => {
  events = await startEvents({
    Invoke(input, call) {
      invocations.push({ input, call })
      if (failures-- > 0) throw new AwsError('ServiceException', 'not now', 500)
    },
  })
})
afterAll(() => events.stop())

const put = (...Entries: PutEventsRequestEntry[]) => events.client.send(new PutEventsCommand({ Entries }))
const entry = (detail: object, more: object = {}) => ({
  Source: 'fleet',
  DetailType: 'Certificate quarantined',
  Detail: JSON.stringify(detail),
  ...more,
})
const patternOf = (test: string) => ({ EventPattern: JSON.stringify({ detail: { test: [test] } }) })

test('an event reaches the queues of the rules that it meets, whole, in part, or as a constant', async () => {
  const queue = await events.createQueue('shapes', 'shapes')
  const receiveAll = async () => [await events.receive(queue), await events.receive(queue), await events.receive(queue)]
  await events.putRule('shapes', patternOf('shapes'), [
    { Id: 'whole', Arn: queue },
    { Id: 'part', Arn: queue, InputPath: '$.detail.parts[1].id' },
    { Id: 'constant', Arn: queue, Input: '{"sweep": true}' },
  ])
  const detail = { test: 'shapes', parts: [{ id: 'a' }, { id: 'b' }] }
  const Time = new Date('2026-01-02T03:04:05.678Z')
  const { FailedEntryCount, Entries } = await put(entry(detail, { Resources: ['arn:x'], Time }), entry({ test: 'no' }))
  expect(FailedEntryCount).toBe(0)
  expect(Entries).toHaveLength(2)
  const bodies = await receiveAll()
  expect(bodies).toContain('"b"')
  expect(bodies).toContain('{"sweep": true}')
  const whole = bodies.find((body) => body?.includes('version')) ?? ''
  expect(JSON.parse(whole)).toEqual({
    version: '0',
    id: Entries?.[0]?.EventId,
    'detail-type': 'Certificate quarantined',
    source: 'fleet',
    account: '000000000000',
    time: '2026-01-02T03:04:05Z',
    region: 'us-east-1',
    resources: ['arn:x'],
    detail,
  })
})

test('each entry is refused for itself', async () => {
  const { FailedEntryCount, Entries } = await put(
    entry({}),
    entry({}, { Source: 'aws.iot' }),
    entry({}, { Detail: '[]' }),
    entry({}, { Detail: '{' }),
    entry({}, { Detail: undefined }),
    entry({}, { DetailType: '' }),
  )
  expect(FailedEntryCount).toBe(5)
  expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    undefined,
    'NotAuthorizedForSourceException',
    'MalformedDetail',
    'MalformedDetail',
    'InvalidArgument',
    'InvalidArgument',
  ])
  expect(Entries?.[5]?.ErrorMessage).toBe(
    'Parameter DetailType is not valid. Reason: DetailType is a required argument.',
  )
})

test('ten entries and less than a megabyte are taken', async () => {
  const name = 'ValidationException'
  await expect(put()).rejects.toMatchObject({ name })
  await expect(put(...Array(11).fill(entry({})))).rejects.toMatchObject({ name })
  const half = entry({ text: 'x'.repeat(524_288) })
  await expect(put(half, half)).rejects.toMatchObject({
    name,
    message: 'Total size of the entries in the request is over the limit.',
  })
  expect((await put(half)).FailedEntryCount).toBe(0)
  await expect(put(entry({}, { EventBusName: 'other' }))).rejects.toMatchObject({ name: 'NotImplemented' })
  await expect(put(entry({}, { TraceHeader: 'Root=1' }))).rejects.toMatchObject({ name: 'NotImplemented' })
})

test('a queue takes events from the rule that its policy names only', async () => {
  const queue = await events.createQueue('closed', 'another-rule')
  await events.putRule('closed', patternOf('closed'), [{ Id: '1', Arn: queue }])
  await put(entry({ test: 'closed' }))
  await expect.poll(() => events.lines.join('\n')).toContain('rule/closed: an event for')
  expect(await events.receive(queue)).toBeUndefined()
})

test('a function is invoked asynchronously, in the name of EventBridge for the rule, and again when Lambda fails', async () => {
  const Arn = 'arn:aws:lambda:us-east-1:000000000000:function:sweep'
  await events.putRule('function', patternOf('function'), [{ Id: '1', Arn }])
  failures = 1
  await put(entry({ test: 'function' }))
  await expect.poll(() => invocations.length, { timeout: 5000 }).toBe(2)
  const [first, second] = invocations
  expect(second?.input).toMatchObject({ FunctionName: Arn, InvocationType: 'Event' })
  expect(second?.input.Payload).toEqual(first?.input.Payload)
  expect(first?.call.caller).toMatchObject({
    kind: 'service',
    arn: 'events.amazonaws.com',
    context: { 'aws:SourceArn': events.ruleArn('function'), 'aws:SourceAccount': '000000000000' },
  })
})

test('a disabled rule sends nothing', async () => {
  const queue = await events.createQueue('off', 'off')
  await events.putRule('off', { ...patternOf('off'), State: 'DISABLED' }, [{ Id: '1', Arn: queue }])
  await put(entry({ test: 'off' }))
  await events.putRule('off', patternOf('off'))
  await put(entry({ test: 'off', number: 2 }))
  expect(await events.receive(queue)).toContain('"number":2')
  expect(await events.receive(queue)).toBeUndefined()
})

test('IAM decides who puts which events', async () => {
  const { iam, clientConfig } = events.gateway
  const roleArn = await createRole(iam, { name: 'sender', trusts: 'lambda.amazonaws.com', statements: [] })
  const session = iam.assumeRole({ roleArn, sessionName: 'sender', principal: 'lambda.amazonaws.com' })
  const client = new EventBridgeClient({ ...clientConfig, credentials: session })
  const send = (Source: string) => client.send(new PutEventsCommand({ Entries: [entry({}, { Source })] }))
  const denied = { name: 'AccessDeniedException' }
  await expect(send('fleet')).rejects.toMatchObject(denied)
  const statement = {
    Effect: 'Allow',
    Action: 'events:PutEvents',
    Resource: 'arn:aws:events:us-east-1:000000000000:event-bus/default',
    Condition: { StringEquals: { 'events:source': 'fleet', 'events:detail-type': 'Certificate quarantined' } },
  }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
  const policy = { RoleName: 'sender', PolicyName: 'p', PolicyDocument }
  await new IAMClient(clientConfig).send(new PutRolePolicyCommand(policy))
  expect((await send('fleet')).FailedEntryCount).toBe(0)
  await expect(send('other')).rejects.toMatchObject(denied)
})
