import type { IConnectPacket, IPublishPacket, ISubscribePacket, Packet } from 'mqtt-packet'
import type { TestCertificate } from './certificates.ts'
import type { MqttClient } from './mqtt-client.ts'
import type { BrokerFixture } from './start-broker.ts'

export function connectPacket(clientId: string, options: object = {}): IConnectPacket {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60, ...options }
}

export function publishPacket(topic: string, options: object = {}): IPublishPacket {
  return { cmd: 'publish', topic, payload: 'x', qos: 0, dup: false, retain: false, ...options }
}

export function subscribePacket(topic: string, qos: 0 | 1 | 2 = 0): ISubscribePacket {
  return { cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos }] }
}

/** A client that has sent CONNECT and got a CONNACK. */
export async function enter(
  fixture: BrokerFixture,
  certificate: TestCertificate,
  clientId: string,
  options: object = {},
): Promise<MqttClient> {
  const client = await fixture.connect(certificate)
  client.send(connectPacket(clientId, options))
  const answer = await client.next()
  if (answer.cmd !== 'connack' || answer.returnCode !== 0) throw new Error(`${clientId} was answered ${answer.cmd}`)
  return client
}

/** A new device that is connected with its name as its client id. */
export async function enterNew(
  fixture: BrokerFixture,
  name: string,
  { statements, ...options }: { statements?: readonly object[]; will?: object } = {},
): Promise<MqttClient> {
  return enter(fixture, await fixture.device(name, statements), name, options)
}

/** Sends CONNECT and returns what came back before the server closed the connection. */
export async function tryConnect(
  fixture: BrokerFixture,
  certificate: TestCertificate,
  packet: Packet = connectPacket('refused'),
): Promise<Packet[]> {
  const client = await fixture.connect(certificate)
  client.send(packet)
  return client.closed()
}

export async function subscribe(client: MqttClient, topic: string, qos: 0 | 1 | 2 = 0): Promise<Packet> {
  client.send(subscribePacket(topic, qos))
  return client.next()
}

/** Waits until the broker has handled all that the client has sent; fails when a message has come meanwhile. */
export async function settle(client: MqttClient): Promise<void> {
  client.send({ cmd: 'pingreq' })
  const answer = await client.next()
  if (answer.cmd !== 'pingresp') throw new Error(`unexpected ${answer.cmd}`)
}

/** What a policy allows: everything but one action. */
export function everythingBut(action: string): readonly object[] {
  return [
    { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
    { Effect: 'Deny', Action: action, Resource: '*' },
  ]
}
