import { DisableRuleCommand, EnableRuleCommand } from '@aws-sdk/client-eventbridge'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EventsFixture, startEvents } from './events-fixture.ts'

let events: EventsFixture
beforeAll(async () => {
  events = await startEvents()
})
afterAll(() => events.stop())

async function scheduled(name: string, ScheduleExpression: string) {
  const queue = await events.createQueue(name, name)
  await events.putRule(name, { ScheduleExpression }, [{ Id: '1', Arn: queue }])
  const next = async () => JSON.parse((await events.receive(queue)) ?? 'null')
  return next
}

test('a rate runs first one period after its creation, and once in each period then', async () => {
  const next = await scheduled('rate', 'rate(1 hour)')
  expect(await next()).toBeNull()
  events.later(3_600_000)
  const event = await next()
  expect(event).toEqual({
    version: '0',
    id: expect.stringMatching(/^[\da-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '000000000000',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    region: 'us-east-1',
    resources: [events.ruleArn('rate')],
    detail: {},
  })
  events.later(3_600_000)
  expect(Date.parse((await next()).time) - Date.parse(event.time)).toBe(3_600_000)
  expect(await next()).toBeNull()
})

test('the next run survives a restart, and a missed one is made up for once', async () => {
  const next = await scheduled('missed', 'rate(10 minutes)')
  await events.restart()
  expect(await next()).toBeNull()
  await events.restart(35 * 60_000)
  const first = await next()
  expect(first).not.toBeNull()
  expect(await next()).toBeNull()
  events.later(5 * 60_000)
  expect(Date.parse((await next()).time) - Date.parse(first.time)).toBe(30 * 60_000)
})

test('a schedule that is switched off does not run, and begins anew when it is switched on', async () => {
  const next = await scheduled('switched', 'rate(1 day)')
  await events.client.send(new DisableRuleCommand({ Name: 'switched' }))
  events.later(86_400_000)
  expect(await next()).toBeNull()
  await events.client.send(new EnableRuleCommand({ Name: 'switched' }))
  expect(await next()).toBeNull()
  events.later(86_400_000)
  expect(await next()).not.toBeNull()
})

test('a schedule that is put again as it was keeps its next run', async () => {
  const next = await scheduled('kept', 'rate(1 day)')
  events.later(43_200_000)
  await events.putRule('kept', { ScheduleExpression: 'rate(1 day)', Description: 'the same' })
  events.later(43_200_000)
  expect(await next()).not.toBeNull()
})

test('a cron expression runs at its times', async () => {
  const next = await scheduled('cron', 'cron(0 3 * * ? *)')
  events.later(86_400_000)
  expect((await next()).time).toMatch(/T03:00:00Z$/)
})
