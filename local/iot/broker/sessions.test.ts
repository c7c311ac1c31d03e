import type { Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  connectPacket,
  enter,
  enterNew,
  publishPacket,
  settle,
  subscribe,
  tryConnect,
} from '../testing/mqtt-session.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

const arn = 'arn:aws:iot:eu-west-1:123456789012'
let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

test('a retained message is there for later subscribers, survives a restart, and an empty one removes it', async () => {
  const writer = await enterNew(fixture, 'retainer')
  for (const name of ['kept', 'dropped']) {
    writer.send(publishPacket(`retained/${name}`, { payload: name, retain: true, qos: 1, messageId: 1 }))
    await writer.next()
  }
  writer.send(publishPacket('retained/dropped', { payload: '', retain: true, qos: 1, messageId: 2 }))
  await writer.next()
  await fixture.restart()
  const reader = await enterNew(fixture, 'late-reader')
  await subscribe(reader, 'retained/+', 1)
  const message = (await reader.next()) as Packet & { payload: Buffer }
  expect(message).toMatchObject({ cmd: 'publish', topic: 'retained/kept', retain: true })
  expect(message.payload.toString()).toBe('kept')
  await fixture.broker.publish({ topic: 'retained/kept', payload: Buffer.alloc(0), qos: 0, retain: true })
  expect(fixture.broker.retained.get('retained/kept')).toBeUndefined()
})

test('the will is published when the connection breaks, and not after a DISCONNECT', async () => {
  const reader = await enterNew(fixture, 'mourner')
  await subscribe(reader, 'wills/#')
  const polite = await enterNew(fixture, 'polite', {
    will: { topic: 'wills/polite', payload: 'gone', qos: 0, retain: false },
  })
  polite.send({ cmd: 'disconnect' })
  await polite.closed()
  const brusque = await enterNew(fixture, 'brusque', {
    will: { topic: 'wills/brusque', payload: 'gone', qos: 1, retain: false },
  })
  brusque.socket.destroy()
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'wills/brusque' })
})

test('a persistent session gets what it missed, also after a restart, and each message once', async () => {
  const [sleeper, writer] = [await fixture.device('sleeper'), await fixture.device('night-writer')]
  const before = await enter(fixture, sleeper, 'sleeper', { clean: false })
  await subscribe(before, 'night/+', 1)
  before.send({ cmd: 'disconnect' })
  await before.closed()
  const speak = async (topic: string) => {
    const speaker = await enter(fixture, writer, 'night-writer')
    speaker.send(publishPacket(topic, { qos: 1, messageId: 1 }))
    expect(await speaker.next()).toMatchObject({ cmd: 'puback' })
    await settle(speaker)
    speaker.end()
  }
  await speak('night/1')
  await fixture.restart()
  await speak('night/2')

  const after = await fixture.connect(sleeper)
  after.send(connectPacket('sleeper', { clean: false }))
  expect(await after.next()).toMatchObject({ cmd: 'connack', sessionPresent: true })
  for (const topic of ['night/1', 'night/2']) {
    const message = (await after.next()) as Packet & { messageId: number }
    expect(message).toMatchObject({ cmd: 'publish', topic, qos: 1 })
    after.send({ cmd: 'puback', messageId: message.messageId })
  }
  await settle(after)
  after.end()
  const again = await enter(fixture, sleeper, 'sleeper', { clean: false })
  await settle(again)
})

test('what was not acknowledged comes again', async () => {
  const device = await fixture.device('forgetful')
  const first = await enter(fixture, device, 'forgetful', { clean: false })
  await subscribe(first, 'again', 1)
  await fixture.broker.publish({ topic: 'again', payload: Buffer.from('x'), qos: 1, retain: false })
  expect(await first.next()).toMatchObject({ cmd: 'publish', topic: 'again', dup: false })
  first.end()
  const second = await fixture.connect(device)
  second.send(connectPacket('forgetful', { clean: false }))
  await second.next()
  expect(await second.next()).toMatchObject({ cmd: 'publish', topic: 'again', dup: true })
})

test('a clean session forgets the persistent one', async () => {
  const device = await fixture.device('changed-mind')
  const first = await enter(fixture, device, 'changed-mind', { clean: false })
  await subscribe(first, 'mind', 1)
  first.end()
  await first.closed()
  ;(await enter(fixture, device, 'changed-mind')).end()
  const third = await fixture.connect(device)
  third.send(connectPacket('changed-mind', { clean: false }))
  expect(await third.next()).toMatchObject({ cmd: 'connack', sessionPresent: false })
})

test('of two connections with one client id the newer wins, if policy lets it', async () => {
  const first = await enterNew(fixture, 'twin')
  expect(
    await tryConnect(
      fixture,
      await fixture.device('stranger', [
        { Effect: 'Allow', Action: 'iot:Connect', Resource: `${arn}:client/stranger` },
      ]),
      connectPacket('twin'),
    ),
  ).toEqual([])
  await settle(first)
  const second = await enter(fixture, await fixture.device('twin-2'), 'twin')
  expect(await first.closed()).toEqual([])
  await settle(second)
})
