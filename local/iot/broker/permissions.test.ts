import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectPacket,
  enter,
  enterNew,
  everythingBut,
  publishPacket,
  settle,
  subscribe,
  subscribePacket,
  tryConnect,
} from '../testing/mqtt-session.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

const arn = 'arn:aws:iot:eu-west-1:123456789012'
let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

test('without a policy for it a client is closed without CONNACK', async () => {
  const statements = [{ Effect: 'Allow', Action: 'iot:Connect', Resource: `${arn}:client/another` }]
  expect(
    await tryConnect(fixture, await fixture.device('not-allowed', statements), connectPacket('not-allowed')),
  ).toEqual([])
  expect(fixture.log.at(-1)).toContain('no policy allows iot:Connect on client/not-allowed')
})

test('policy variables: a device connects as the thing it is attached to, and publishes under its name', async () => {
  const statements = [
    {
      Effect: 'Allow',
      Action: 'iot:Connect',
      Resource: `${arn}:client/\${iot:Connection.Thing.ThingName}`,
      Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
    },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: `${arn}:topic/things/\${iot:ClientId}/*` },
  ]
  const device = await fixture.device('attached', statements)
  expect(await tryConnect(fixture, device, connectPacket('attached'))).toEqual([])

  const thing = { thingName: 'attached', thingId: 'a', attributes: {}, version: 1 }
  fixture.registry.things.put('attached', thing)
  fixture.registry.things.put('other', { ...thing, thingName: 'other' })
  fixture.registry.thingPrincipals.add('attached', device.certificateId)
  expect(await tryConnect(fixture, device, connectPacket('other'))).toEqual([])

  const client = await enter(fixture, device, 'attached')
  client.send(publishPacket('things/attached/state', { qos: 1, messageId: 1 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  client.send(publishPacket('things/other/state', { qos: 1, messageId: 2 }))
  expect(await client.closed()).toEqual([])
  expect(fixture.published.some(({ publication }) => publication.topic === 'things/other/state')).toBe(false)
})

test('a refused subscription disconnects', async () => {
  const client = await enterNew(fixture, 'no-subscribe', { statements: everythingBut('iot:Subscribe') })
  client.send(subscribePacket('a'))
  expect(await client.closed()).toEqual([])
})

test('a topic filter is granted by its own characters, not by what it matches', async () => {
  const statements = [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${arn}:topicfilter/room/+/x` },
  ]
  const client = await enterNew(fixture, 'literal', { statements })
  expect(await subscribe(client, 'room/+/x')).toMatchObject({ cmd: 'suback', granted: [0] })
  client.send(subscribePacket('room/1/x'))
  expect(await client.closed()).toEqual([])
})

test('what a device may not receive does not come', async () => {
  const statements = [
    { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe'], Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: `${arn}:topic/news/open` },
  ]
  const [reader, writer] = [await enterNew(fixture, 'half-deaf', { statements }), await enterNew(fixture, 'speaker')]
  await subscribe(reader, 'news/#', 1)
  writer.send(publishPacket('news/secret', { qos: 1, messageId: 1 }))
  await writer.next()
  writer.send(publishPacket('news/open', { qos: 1, messageId: 2 }))
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'news/open' })
})

test('retaining needs iot:RetainPublish', async () => {
  const client = await enterNew(fixture, 'no-retain', { statements: everythingBut('iot:RetainPublish') })
  client.send(publishPacket('retained/refused', { retain: true }))
  expect(await client.closed()).toEqual([])
  expect(fixture.broker.retained.get('retained/refused')).toBeUndefined()
})

test.each(['INACTIVE', 'REVOKED', undefined] as const)(
  'a certificate that becomes %s loses its connections',
  async (status) => {
    const name = `falling-${status}`
    const device = await fixture.device(name)
    const client = await enter(fixture, device, name)
    const bystander = await enterNew(fixture, `bystander-${status}`)
    const record = fixture.registry.certificates.get(device.certificateId)
    if (status && record) fixture.registry.certificates.put(device.certificateId, { ...record, status })
    else fixture.registry.certificates.delete(device.certificateId)
    expect(await client.closed()).toEqual([])
    await settle(bystander)
  },
)

test('a policy that changes counts for open connections', async () => {
  const device = await fixture.device('changing')
  const client = await enter(fixture, device, 'changing')
  client.send(publishPacket('changing', { qos: 1, messageId: 1 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  fixture.registry.policyTargets.remove('changing-policy', fixture.registry.arn.certificate(device.certificateId))
  client.send(publishPacket('changing', { qos: 1, messageId: 2 }))
  expect(await client.closed()).toEqual([])
})

test.each([
  ['its topic is not allowed', everythingBut('iot:Publish'), { topic: 'w' }, 'iot:Publish on topic/w'],
  [
    'retaining it is not allowed',
    everythingBut('iot:RetainPublish'),
    { topic: 'w', retain: true },
    'iot:RetainPublish',
  ],
  ['it has QoS 2', undefined, { topic: 'w', qos: 2 }, 'QoS 2 is not supported'],
  ['its topic is reserved', undefined, { topic: '$aws/events/x' }, 'devices cannot publish to $aws/events/x'],
])('a CONNECT with a will is refused when %s', async (what, statements, will, reason) => {
  const name = what.replaceAll(' ', '-')
  const packet = connectPacket(name, { will: { payload: 'x', qos: 0, retain: false, ...will } })
  expect(await tryConnect(fixture, await fixture.device(name, statements), packet)).toEqual([])
  expect(fixture.log.at(-1)).toContain(reason)
})
