import { once } from 'node:events'
import {
  AttachPolicyCommand,
  DescribeCertificateCommand,
  RegisterCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'
import { mqtt } from 'aws-iot-device-sdk-v2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestAuthority } from '#local/iot/testing/certificates.ts'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import {
  type ConnectOptions,
  createDevice,
  type Identity,
  iotClient,
  mayDoAll,
  openConnection,
} from './foreign-device.ts'

let foreign: ForeignCloud
let identity: Identity
const open = new Set<mqtt.MqttClientConnection>()

beforeAll(async () => {
  foreign = await startForeignCloud()
  identity = await createDevice(foreign.cloud, { thingName: 'press', statements: mayDoAll })
})
afterAll(async () => {
  for (const connection of open) await connection.disconnect()
  await foreign?.close()
})

async function connect(options: ConnectOptions) {
  const connection = openConnection(foreign.cloud, identity, options)
  const messages = collect(connection)
  const isSessionPresent = await connection.connect()
  open.add(connection)
  return { connection, messages, isSessionPresent }
}

interface Message {
  readonly topic: string
  readonly text: string
  readonly qos: mqtt.QoS
  readonly retain: boolean
}

/** What comes, in its order; `next` waits for it. */
function collect(connection: mqtt.MqttClientConnection) {
  const waiting: Message[] = []
  const next = async (): Promise<Message> => {
    while (waiting.length === 0) await once(connection, 'collected')
    return waiting.shift() as Message
  }
  connection.on('message', (topic, payload, _dup, qos, retain) => {
    // An empty payload comes as a detached buffer, and what throws in here ends the process.
    const text = payload.byteLength === 0 ? '' : Buffer.from(payload).toString()
    waiting.push({ topic, text, qos, retain })
    connection.emit('collected')
  })
  return { next }
}

test('what is published with QoS 0 and 1 comes to those who subscribed, wildcards too', async () => {
  const { connection, messages, isSessionPresent } = await connect({ clientId: 'speaker' })
  expect(isSessionPresent).toBe(false)
  const granted = await connection.subscribe('room/+/#', mqtt.QoS.AtLeastOnce)
  expect(granted).toMatchObject({ topic: 'room/+/#', qos: mqtt.QoS.AtLeastOnce })
  await connection.publish('room', 'not this', mqtt.QoS.AtLeastOnce)
  await connection.publish('room/1/light', 'on', mqtt.QoS.AtLeastOnce)
  await connection.publish('room/2', Buffer.from('off'), mqtt.QoS.AtMostOnce)
  const expected = { text: 'on', topic: 'room/1/light', qos: mqtt.QoS.AtLeastOnce, retain: false }
  expect(await messages.next()).toEqual(expected)
  expect(await messages.next()).toMatchObject({ text: 'off', topic: 'room/2', qos: mqtt.QoS.AtMostOnce })
  await connection.unsubscribe('room/+/#')
})

test('a retained message waits for subscribers until an empty one takes its place', async () => {
  const { connection, messages } = await connect({ clientId: 'keeper' })
  await connection.publish('kept/state', 'ready', mqtt.QoS.AtLeastOnce, true)
  await connection.subscribe('kept/#', mqtt.QoS.AtLeastOnce)
  expect(await messages.next()).toMatchObject({ text: 'ready', retain: true })
  await connection.publish('kept/state', '', mqtt.QoS.AtLeastOnce, true)
  expect(await messages.next()).toMatchObject({ text: '', retain: false })
  const later = await connect({ clientId: 'later' })
  await later.connection.subscribe('kept/#', mqtt.QoS.AtLeastOnce)
  await connection.publish('kept/other', 'first', mqtt.QoS.AtLeastOnce)
  expect(await later.messages.next()).toMatchObject({ text: 'first' })
})

test('a client id has one connection: the newer one wins, and the will of the older one is published', async () => {
  const watcher = await connect({ clientId: 'watcher' })
  await watcher.connection.subscribe('wills/+', mqtt.QoS.AtLeastOnce)
  const will = new mqtt.MqttWill('wills/twin', mqtt.QoS.AtLeastOnce, 'gone', false)
  const first = await connect({ clientId: 'twin', will })
  const interrupted = once(first.connection, 'interrupt').then(() => first.connection.disconnect())
  await connect({ clientId: 'twin' })
  await interrupted
  open.delete(first.connection)
  expect(await watcher.messages.next()).toMatchObject({ topic: 'wills/twin', text: 'gone' })
})

test('a client that says goodbye leaves no will', async () => {
  const watcher = await connect({ clientId: 'mourner' })
  await watcher.connection.subscribe('goodbyes/+', mqtt.QoS.AtLeastOnce)
  const will = new mqtt.MqttWill('goodbyes/one', mqtt.QoS.AtLeastOnce, 'gone', false)
  const { connection } = await connect({ clientId: 'polite', will })
  await connection.disconnect()
  open.delete(connection)
  await watcher.connection.publish('goodbyes/last', 'end', mqtt.QoS.AtLeastOnce)
  expect(await watcher.messages.next()).toMatchObject({ topic: 'goodbyes/last' })
})

test('a persistent session keeps subscriptions and messages while its client is away', async () => {
  const away = await connect({ clientId: 'traveller', clean: false })
  await away.connection.subscribe('post/#', mqtt.QoS.AtLeastOnce)
  await away.connection.disconnect()
  open.delete(away.connection)
  const { connection } = await connect({ clientId: 'postman' })
  await connection.publish('post/1', 'letter', mqtt.QoS.AtLeastOnce)
  const back = await connect({ clientId: 'traveller', clean: false })
  expect(back.isSessionPresent).toBe(true)
  expect(await back.messages.next()).toMatchObject({ topic: 'post/1', text: 'letter' })
  await connection.publish('post/2', 'card', mqtt.QoS.AtLeastOnce)
  expect(await back.messages.next()).toMatchObject({ topic: 'post/2', text: 'card' })
})

test('a certificate of a registered CA is registered by its first connection, and gets in once it is active and has a policy', async () => {
  const client = iotClient(foreign.cloud)
  const authority = await createTestAuthority('Factory CA')
  await client.send(
    new RegisterCACertificateCommand({
      caCertificate: authority.pem,
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      allowAutoRegistration: true,
    }),
  )
  const { cert, key, certificateId } = await authority.issue('newcomer')
  const newcomer = { certificatePem: cert, privateKeyPem: key }
  await expect(openConnection(foreign.cloud, newcomer, { clientId: 'newcomer' }).connect()).rejects.toThrow()
  const { certificateDescription } = await client.send(new DescribeCertificateCommand({ certificateId }))
  expect(certificateDescription?.status).toBe('PENDING_ACTIVATION')
  await client.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
  const target = certificateDescription?.certificateArn
  await client.send(new AttachPolicyCommand({ policyName: 'press-policy', target }))
  const connection = openConnection(foreign.cloud, newcomer, { clientId: 'newcomer' })
  await connection.connect()
  await connection.disconnect()
})
