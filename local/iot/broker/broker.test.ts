import type { Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MqttClient } from '../testing/mqtt-client.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

async function join(name: string, options: { statements?: readonly object[]; clean?: boolean; will?: object } = {}) {
  const { statements, ...connect } = options
  const client = await fixture.connect(await fixture.device(name, statements))
  client.send(connectPacket(name, connect))
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 })
  return client
}

function connectPacket(clientId: string, options: object = {}): Packet {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60, ...options }
}

async function subscribe(client: MqttClient, topic: string, qos: 0 | 1 | 2 = 0) {
  client.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos }] })
  return (await client.next()) as Packet & { granted: number[] }
}

test('a message goes from one device to another with QoS 1', async () => {
  const [reader, writer] = [await join('reader'), await join('writer')]
  expect(await subscribe(reader, 'room/+/temperature', 1)).toMatchObject({ cmd: 'suback', granted: [1] })
  writer.send({
    cmd: 'publish',
    topic: 'room/1/temperature',
    payload: '21',
    qos: 1,
    messageId: 3,
    dup: false,
    retain: false,
  })
  expect(await writer.next()).toMatchObject({ cmd: 'puback', messageId: 3 })
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'room/1/temperature', qos: 1 })
  reader.end()
  writer.end()
})
