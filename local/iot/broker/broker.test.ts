import type { Packet } from 'mqtt-packet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MqttClient } from '../testing/mqtt-client.ts'
import { type BrokerFixture, startBroker } from '../testing/start-broker.ts'

const arn = 'arn:aws:iot:eu-west-1:123456789012'
let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

function connectPacket(clientId: string, options: object = {}): Packet {
  return { cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clientId, clean: true, keepalive: 60, ...options }
}

function publishPacket(topic: string, options: object = {}): Packet {
  return { cmd: 'publish', topic, payload: 'x', qos: 0, dup: false, retain: false, ...options }
}

/** A device that is connected with its name as its client id. */
async function join(name: string, { statements, ...options }: { statements?: readonly object[]; will?: object } = {}) {
  return rejoin(await fixture.device(name, statements), name, options)
}

async function rejoin(certificate: Parameters<BrokerFixture['connect']>[0], clientId: string, options: object = {}) {
  const client = await fixture.connect(certificate)
  client.send(connectPacket(clientId, options))
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 })
  return client
}

async function subscribe(client: MqttClient, topic: string, qos: 0 | 1 | 2 = 0) {
  client.send({ cmd: 'subscribe', messageId: 7, subscriptions: [{ topic, qos }] })
  return client.next()
}

/** Waits until the broker has handled all that the client has sent. */
async function settle(client: MqttClient) {
  client.send({ cmd: 'pingreq' })
  expect(await client.next()).toMatchObject({ cmd: 'pingresp' })
}

test('a message goes from one device to another with QoS 1', async () => {
  const [reader, writer] = [await join('reader'), await join('writer')]
  expect(await subscribe(reader, 'room/+/temperature', 1)).toMatchObject({ cmd: 'suback', granted: [1] })
  writer.send(publishPacket('room/1/temperature', { payload: '21', qos: 1, messageId: 3 }))
  expect(await writer.next()).toMatchObject({ cmd: 'puback', messageId: 3 })
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'room/1/temperature', qos: 1 })
})

test('the rules see a publication before its acknowledgement, and who published', async () => {
  const device = await fixture.device('publisher')
  const client = await rejoin(device, 'publisher')
  client.send(publishPacket('seen/by/rules', { payload: 'body', qos: 1, messageId: 1 }))
  await client.next()
  expect(fixture.published.at(-1)).toEqual({
    publication: { topic: 'seen/by/rules', payload: Buffer.from('body'), qos: 1, retain: false },
    publisher: { clientId: 'publisher', principal: device.certificateId, sourceIp: '127.0.0.1' },
  })
})

test('QoS 2: a subscription is granted as QoS 1, publishing with it disconnects', async () => {
  const client = await join('exactly-once')
  expect(await subscribe(client, 'a/b', 2)).toMatchObject({ granted: [1] })
  client.send(publishPacket('a/b', { qos: 2, messageId: 2 }))
  expect(await client.closed()).toEqual([])
})

test('without a policy for it a client is closed without CONNACK', async () => {
  const statements = [{ Effect: 'Allow', Action: 'iot:Connect', Resource: `${arn}:client/another` }]
  const client = await fixture.connect(await fixture.device('not-allowed', statements))
  client.send(connectPacket('not-allowed'))
  expect(await client.closed()).toEqual([])
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
  const refused = await fixture.connect(device)
  refused.send(connectPacket('attached'))
  expect(await refused.closed()).toEqual([])

  const thing = { thingName: 'attached', thingId: 'a', attributes: {}, version: 1 }
  fixture.registry.things.put('attached', thing)
  fixture.registry.things.put('other', { ...thing, thingName: 'other' })
  fixture.registry.thingPrincipals.add('attached', device.certificateId)
  const impostor = await fixture.connect(device)
  impostor.send(connectPacket('other'))
  expect(await impostor.closed()).toEqual([])

  const client = await rejoin(device, 'attached')
  client.send(publishPacket('things/attached/state', { qos: 1, messageId: 1 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  client.send(publishPacket('things/other/state', { qos: 1, messageId: 2 }))
  expect(await client.closed()).toEqual([])
  expect(fixture.published.some(({ publication }) => publication.topic === 'things/other/state')).toBe(false)
})

const everythingBut = (Action: string) => [
  { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
  { Effect: 'Deny', Action, Resource: '*' },
]

test('a refused subscription disconnects', async () => {
  const client = await join('no-subscribe', { statements: everythingBut('iot:Subscribe') })
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a', qos: 0 }] })
  expect(await client.closed()).toEqual([])
})

test('a topic filter is granted by its own characters, not by what it matches', async () => {
  const statements = [
    { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${arn}:topicfilter/room/+/x` },
  ]
  const client = await join('literal', { statements })
  expect(await subscribe(client, 'room/+/x')).toMatchObject({ cmd: 'suback', granted: [0] })
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'room/1/x', qos: 0 }] })
  expect(await client.closed()).toEqual([])
})

test('what a device may not receive does not come', async () => {
  const statements = [
    { Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe'], Resource: '*' },
    { Effect: 'Allow', Action: 'iot:Receive', Resource: `${arn}:topic/news/open` },
  ]
  const [reader, writer] = [await join('half-deaf', { statements }), await join('speaker')]
  await subscribe(reader, 'news/#', 1)
  writer.send(publishPacket('news/secret', { qos: 1, messageId: 1 }))
  await writer.next()
  writer.send(publishPacket('news/open', { qos: 1, messageId: 2 }))
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'news/open' })
})

test('a retained message is there for later subscribers, survives a restart, and an empty one removes it', async () => {
  const writer = await join('retainer')
  for (const name of ['kept', 'dropped']) {
    writer.send(publishPacket(`retained/${name}`, { payload: name, retain: true, qos: 1, messageId: 1 }))
    await writer.next()
  }
  writer.send(publishPacket('retained/dropped', { payload: '', retain: true, qos: 1, messageId: 2 }))
  await writer.next()
  await fixture.restart()
  const reader = await join('late-reader')
  await subscribe(reader, 'retained/+', 1)
  const message = (await reader.next()) as Packet & { payload: Buffer }
  expect(message).toMatchObject({ cmd: 'publish', topic: 'retained/kept', retain: true })
  expect(message.payload.toString()).toBe('kept')
  await fixture.broker.publish({ topic: 'retained/kept', payload: Buffer.alloc(0), qos: 0, retain: true })
  expect(fixture.broker.retained.get('retained/kept')).toBeUndefined()
})

test('retaining needs iot:RetainPublish', async () => {
  const client = await join('no-retain', { statements: everythingBut('iot:RetainPublish') })
  client.send(publishPacket('retained/refused', { retain: true }))
  expect(await client.closed()).toEqual([])
  expect(fixture.broker.retained.get('retained/refused')).toBeUndefined()
})

test('the will is published when the connection breaks, and not after a DISCONNECT', async () => {
  const reader = await join('mourner')
  await subscribe(reader, 'wills/#')
  const polite = await join('polite', { will: { topic: 'wills/polite', payload: 'gone', qos: 0, retain: false } })
  polite.send({ cmd: 'disconnect' })
  await polite.closed()
  const brusque = await join('brusque', { will: { topic: 'wills/brusque', payload: 'gone', qos: 1, retain: false } })
  brusque.socket.destroy()
  expect(await reader.next()).toMatchObject({ cmd: 'publish', topic: 'wills/brusque' })
})

test.each([
  ['its topic is not allowed', everythingBut('iot:Publish'), { topic: 'w', qos: 0, retain: false }],
  ['retaining it is not allowed', everythingBut('iot:RetainPublish'), { topic: 'w', qos: 0, retain: true }],
  ['it has QoS 2', everythingBut('iot:None'), { topic: 'w', qos: 2, retain: false }],
  ['its topic is reserved', everythingBut('iot:None'), { topic: '$aws/events/x', qos: 0, retain: false }],
])('a CONNECT with a will is refused when %s', async (reason, statements, will) => {
  const name = reason.replaceAll(' ', '-')
  const client = await fixture.connect(await fixture.device(name, statements))
  client.send(connectPacket(name, { will: { payload: 'x', ...will } }))
  expect(await client.closed()).toEqual([])
})

test('a persistent session gets what it missed, also after a restart, and each message once', async () => {
  const [sleeper, writer] = [await fixture.device('sleeper'), await fixture.device('night-writer')]
  const before = await rejoin(sleeper, 'sleeper', { clean: false })
  await subscribe(before, 'night/+', 1)
  before.send({ cmd: 'disconnect' })
  await before.closed()
  const speak = async (topic: string) => {
    const speaker = await rejoin(writer, 'night-writer')
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
  const again = await rejoin(sleeper, 'sleeper', { clean: false })
  await settle(again)
})

test('what was not acknowledged comes again', async () => {
  const device = await fixture.device('forgetful')
  const first = await rejoin(device, 'forgetful', { clean: false })
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
  const first = await rejoin(device, 'changed-mind', { clean: false })
  await subscribe(first, 'mind', 1)
  first.end()
  await first.closed()
  ;(await rejoin(device, 'changed-mind')).end()
  const third = await fixture.connect(device)
  third.send(connectPacket('changed-mind', { clean: false }))
  expect(await third.next()).toMatchObject({ cmd: 'connack', sessionPresent: false })
})

test('of two connections with one client id the newer wins, if policy lets it', async () => {
  const first = await join('twin')
  const stranger = await fixture.connect(
    await fixture.device('stranger', [{ Effect: 'Allow', Action: 'iot:Connect', Resource: `${arn}:client/stranger` }]),
  )
  stranger.send(connectPacket('twin'))
  expect(await stranger.closed()).toEqual([])
  await settle(first)
  const second = await rejoin(await fixture.device('twin-2'), 'twin')
  expect(await first.closed()).toEqual([])
  await settle(second)
})

test.each(['INACTIVE', 'REVOKED', undefined] as const)(
  'a certificate that becomes %s loses its connections',
  async (status) => {
    const name = `falling-${status}`
    const device = await fixture.device(name)
    const client = await rejoin(device, name)
    const bystander = await join(`bystander-${status}`)
    const record = fixture.registry.certificates.get(device.certificateId)
    if (status && record) fixture.registry.certificates.put(device.certificateId, { ...record, status })
    else fixture.registry.certificates.delete(device.certificateId)
    expect(await client.closed()).toEqual([])
    await settle(bystander)
  },
)

test('a policy that changes counts for open connections', async () => {
  const device = await fixture.device('changing')
  const client = await rejoin(device, 'changing')
  client.send(publishPacket('changing', { qos: 1, messageId: 1 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  fixture.registry.policyTargets.remove('changing-policy', fixture.registry.arn.certificate(device.certificateId))
  client.send(publishPacket('changing', { qos: 1, messageId: 2 }))
  expect(await client.closed()).toEqual([])
})

test.each([
  ['a topic of more than 7 slashes', publishPacket('1/2/3/4/5/6/7/8/9')],
  ['a topic of more than 256 bytes', publishPacket('ü'.repeat(129))],
  ['a reserved topic', publishPacket('$aws/events/certificates/registered/x')],
  ['a topic that begins with $', publishPacket('$other')],
  ['a payload of more than 128 KiB', publishPacket('big', { payload: Buffer.alloc(131_073) })],
  ['a packet that is far too large', publishPacket('huge', { payload: Buffer.alloc(200_000) })],
  [
    'nine subscriptions at once',
    {
      cmd: 'subscribe',
      messageId: 1,
      subscriptions: Array.from({ length: 9 }, (_, i) => ({ topic: `t/${i}`, qos: 0 })),
    },
  ],
  ['a filter with a misplaced #', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'a#', qos: 0 }] }],
  ['a shared subscription', { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: '$share/g/a', qos: 0 }] }],
  ['a second CONNECT', connectPacket('again')],
] as [string, Packet][])('the client is dropped for %s', async (what, packet) => {
  const client = await join(what.replaceAll(' ', '-'))
  client.send(packet)
  expect(await client.closed()).toEqual([])
})

test('a payload of 128 KiB, a topic of 7 slashes and eight subscriptions are fine', async () => {
  const client = await join('generous')
  const subscriptions = Array.from({ length: 8 }, (_, index) => ({ topic: `t/${index}`, qos: 1 as const }))
  client.send({ cmd: 'subscribe', messageId: 1, subscriptions })
  expect(await client.next()).toMatchObject({ cmd: 'suback', granted: subscriptions.map(() => 1) })
  client.send(publishPacket('1/2/3/4/5/6/7/8', { payload: Buffer.alloc(131_072), qos: 1, messageId: 2 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback', messageId: 2 })
})

test('Basic Ingest reaches the rules and no subscriber', async () => {
  const client = await join('ingester')
  await subscribe(client, '#')
  client.send(publishPacket('$aws/rules/store/1/2/3/4/5/6/7/8', { qos: 1, messageId: 2 }))
  expect(await client.next()).toMatchObject({ cmd: 'puback' })
  await settle(client)
  expect(fixture.published.at(-1)?.publication.topic).toBe('$aws/rules/store/1/2/3/4/5/6/7/8')
})

test('a device may listen to the registration events, and # does not reach them', async () => {
  const [listener, hash] = [await join('listener'), await join('hash')]
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

test('a client id longer than 128 bytes is refused; a client without one is given one', async () => {
  const device = await fixture.device('namer')
  const long = await fixture.connect(device)
  long.send(connectPacket('x'.repeat(129)))
  expect(await long.closed()).toEqual([])
  const nameless = await rejoin(device, '')
  nameless.send(publishPacket('nameless', { qos: 1, messageId: 1 }))
  await nameless.next()
  expect(fixture.published.at(-1)?.publisher.clientId).toMatch(/^\$GEN\//)
})

test('MQTT 3.1 is refused, MQTT 5 is told that its version is unacceptable', async () => {
  const device = await fixture.device('versions')
  const old = await fixture.connect(device)
  old.send(connectPacket('versions', { protocolId: 'MQIsdp', protocolVersion: 3 }))
  expect(await old.closed()).toEqual([])
  const modern = await fixture.connect(device)
  modern.send(connectPacket('versions', { protocolVersion: 5 }))
  expect(await modern.next()).toMatchObject({ cmd: 'connack', returnCode: 1 })
})

test.each([
  ['no MQTT', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
  ['a packet before CONNECT', Buffer.from([0xc0, 0])],
  ['an endless length', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff])],
  ['a cut SUBSCRIBE', Buffer.from([0x82, 3, 0, 1, 0])],
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
  const enter = async (name: string) => {
    const client = await impatient.connect(await impatient.device(name))
    client.send(connectPacket(name))
    await client.next()
    return client
  }
  const [slow, reader, writer] = [await enter('slow'), await enter('quick'), await enter('flood')]
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
