import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isOnPath } from '../testing/is-on-path.ts'
import { enter, enterNew, publishPacket, settle, subscribe } from '../testing/mqtt-session.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

test('a message goes from one device to another with QoS 1', async () => {
  const [reader, writer] = [await enterNew(fixture, 'reader'), await enterNew(fixture, 'writer')]
  expect(await subscribe(reader, 'room/+/temperature', 1)).toMatchObject({ cmd: 'suback', granted: [1] })
  writer.send(publishPacket('room/1/temperature', { payload: '21', qos: 1, messageId: 3 }))
  expect(await writer.next()).toMatchObject({ cmd: 'puback', messageId: 3 })
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'room/1/temperature', qos: 1 })
})

test('the rules see a publication before its acknowledgement, and who published', async () => {
  const device = await fixture.device('publisher')
  const client = await enter(fixture, device, 'publisher')
  client.send(publishPacket('seen/by/rules', { payload: 'body', qos: 1, messageId: 1 }))
  await client.next()
  expect(fixture.published.at(-1)).toEqual({
    publication: { topic: 'seen/by/rules', payload: Buffer.from('body'), qos: 1, retain: false },
    publisher: { clientId: 'publisher', principal: device.certificateId, sourceIp: '127.0.0.1' },
  })
})

test('QoS 2: a subscription is granted as QoS 1, publishing with it disconnects', async () => {
  const client = await enterNew(fixture, 'exactly-once')
  expect(await subscribe(client, 'a/b', 2)).toMatchObject({ granted: [1] })
  client.send(publishPacket('a/b', { qos: 2, messageId: 2 }))
  expect(await client.closed()).toEqual([])
})

test('Basic Ingest reaches the rules and no subscriber', async () => {
  const client = await enterNew(fixture, 'ingester')
  await subscribe(client, '#')
  client.send(publishPacket('$aws/rules/store/1/2/3/4/5/6/7/8', { qos: 1, messageId: 2 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  await settle(client)
  expect(fixture.published.at(-1)?.publication.topic).toBe('$aws/rules/store/1/2/3/4/5/6/7/8')
})

test('a device may listen to the registration events, and # does not reach them', async () => {
  const [listener, hash] = [await enterNew(fixture, 'listener'), await enterNew(fixture, 'hash')]
  await subscribe(listener, '$aws/events/certificates/registered/+')
  await subscribe(hash, '#')
  const certificate = await fixture.authority.issue('announced')
  const client = await fixture.connect(certificate)
  await client.closed()
  expect(await listener.next()).toMatchObject({
    cmd: 'publish',
    topic: `$aws/events/certificates/registered/${fixture.caCertificateId}`,
  })
  await settle(hash)
})

test.skipIf(!isOnPath('mosquitto_pub'))('mosquitto_pub publishes with QoS 1 (needs mosquitto_pub)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'))
  const { cert, key } = await fixture.device('mosquitto')
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const tls = ['--cafile', file('ca', fixture.caPem), '--cert', file('cert', cert), '--key', file('key', key)]
  const message = ['-i', 'mosquitto', '-q', '1', '-t', 'from/mosquitto', '-m', 'hello']
  await promisify(execFile)('mosquitto_pub', ['-h', 'localhost', '-p', String(fixture.port), ...tls, ...message])
  expect(fixture.published.at(-1)?.publication).toMatchObject({
    topic: 'from/mosquitto',
    payload: Buffer.from('hello'),
  })
})
