import type { Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectPacket,
  enter,
  enterNew,
  publishPacket,
  subscribe,
  subscribePacket,
  tryConnect,
} from '../testing/mqtt-session.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

const nine = Array.from({ length: 9 }, (_, index) => ({ topic: `t/${index}`, qos: 0 as const }))

test.each<[string, Packet, string]>([
  ['a topic of more than 7 slashes', publishPacket('1/2/3/4/5/6/7/8/9'), 'more than 7 slashes'],
  ['a topic of more than 256 bytes', publishPacket('ü'.repeat(129)), 'longer than 256 bytes'],
  ['a reserved topic', publishPacket('$aws/events/x'), 'devices cannot publish to $aws/events/x'],
  ['a topic that begins with $', publishPacket('$other'), 'devices cannot publish to $other'],
  ['a large payload', publishPacket('big', { payload: Buffer.alloc(131_073) }), 'larger than 131072 bytes'],
  ['a huge packet', publishPacket('huge', { payload: Buffer.alloc(200_000) }), 'a packet of 200010 bytes is too large'],
  ['nine subscriptions', { cmd: 'subscribe', messageId: 1, subscriptions: nine }, '9 subscriptions in one request'],
  ['a misplaced #', subscribePacket('a/b#'), '# is only allowed in SUBSCRIBE in the last position'],
  ['a misplaced +', subscribePacket('+a'), '"+a" is not a topic filter'],
  ['a shared subscription', subscribePacket('$share/g/a'), 'does not implement shared subscriptions'],
  ['a subscription to Basic Ingest', subscribePacket('$aws/rules/r/a'), 'devices cannot subscribe'],
  ['a second CONNECT', connectPacket('again'), 'Invalid protocol'],
])('the client is dropped for %s', async (what, packet, reason) => {
  const client = await enterNew(fixture, what.replaceAll(' ', '-'))
  client.send(packet)
  expect(await client.closed()).toEqual([])
  expect(fixture.log.at(-1)).toContain(reason)
})

test('the client is dropped for a SUBSCRIBE that is cut short', async () => {
  const client = await enterNew(fixture, 'cutter')
  client.socket.write(Buffer.from([0x82, 4, 0, 1, 0, 9]))
  expect(await client.closed()).toEqual([])
})

test('a payload of 128 KiB, a topic of 7 slashes and eight subscriptions are fine', async () => {
  const client = await enterNew(fixture, 'generous')
  const subscriptions = Array.from({ length: 8 }, (_, index) => ({ topic: `t/${index}`, qos: 1 as const }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  expect(await client.next()).toMatchObject({ cmd: 'suback', granted: subscriptions.map(() => 1) })
  client.send(publishPacket('1/2/3/4/5/6/7/8', { payload: Buffer.alloc(131_072), qos: 1, messageId: 2 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2 })
})

test('a client id longer than 128 bytes is refused; a client without one is given one', async () => {
  const device = await fixture.device('namer')
  expect(await tryConnect(fixture, device, connectPacket('x'.repeat(129)))).toEqual([])
  const nameless = await enter(fixture, device, '')
  nameless.send(publishPacket('nameless', { qos: 1, messageId: 1 }))
  await nameless.next()
  expect(fixture.published.at(-1)?.publisher.clientId).toMatch(/^\$GEN\//)
})

test('MQTT 3.1 is refused, MQTT 5 is told that its version is unacceptable', async () => {
  const device = await fixture.device('versions')
  expect(
    await tryConnect(fixture, device, connectPacket('versions', { protocolId: 'MQIsdp', protocolVersion: 3 })),
  ).toEqual([])
  const modern = await fixture.connect(device)
  modern.send(connectPacket('versions', { protocolVersion: 5 }))
  expect(await modern.next()).toMatchObject({ cmd: 'connack', returnCode: 1 })
})

test.each([
  ['no MQTT', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a packet before CONNECT', Buffer.from([0xc0, 0])],
  ['an endless length', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff])],
])('%s closes the connection', async (what, bytes) => {
  const client = await fixture.connect(await fixture.device(what.replaceAll(' ', '-')))
  client.socket.write(bytes)
  expect(await client.closed()).toEqual([])
})

test('a client that says nothing is dropped', async () => {
  const impatient = await startBroker({ timeouts: { connectMs: 50, drainMs: 50 } })
  const client = await impatient.connect(await impatient.device('silent'))
  expect(await client.closed()).toEqual([])
  expect(impatient.log.at(-1)).toContain('connect did not arrive in time')
  await impatient.close()
})

test('a client that does not read is dropped, and the others are served meanwhile', async () => {
  const impatient = await startBroker({ timeouts: { connectMs: 5000, drainMs: 500 } })
  const slow = await enterNew(impatient, 'slow')
  const reader = await enterNew(impatient, 'quick')
  const writer = await enterNew(impatient, 'flood')
  await subscribe(slow, 'flood')
  await subscribe(reader, 'flood')
  slow.socket.pause()
  const payload = Buffer.alloc(100_000)
  while (!impatient.log.some((line) => line.includes('slow: drain timeout'))) {
    writer.send(publishPacket('flood', { payload, qos: 1, messageId: 1 }))
    expect(await reader.next()).toMatchObject({ cmd: 'publish' })
    await writer.next()
  }
  await impatient.close()
})
