import { once } from 'node:events'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestAuthority, type TestCertificate } from '../testing/certificates.ts'
import { connectMqtt, connectTls } from '../testing/mqtt-client.ts'
import { connectPacket, tryConnect } from '../testing/mqtt-session.ts'
import { attachPolicy, type BrokerFixture, registerAuthority, startBroker } from '../testing/start-broker.ts'

const DAY_MS = 86_400_000
let fixture: BrokerFixture

beforeAll(async () => {
  fixture = await startBroker()
})
afterAll(() => fixture.close())

function eventsOf({ certificateId }: TestCertificate) {
  return fixture.published
    .map(({ publication }) => ({ topic: publication.topic, payload: JSON.parse(publication.payload.toString()) }))
    .filter(({ payload }) => payload.certificateId === certificateId)
}

test('an unknown certificate of a registered CA is registered, announced and turned away without CONNACK', async () => {
  const certificate = await fixture.authority.issue('new-device')
  expect(await tryConnect(fixture, certificate)).toEqual([])
  expect(fixture.registry.certificates.get(certificate.certificateId)).toMatchObject({
    status: 'PENDING_ACTIVATION',
    caCertificateId: fixture.caCertificateId,
  })
  expect(eventsOf(certificate)).toEqual([
    {
      topic: `$aws/events/certificates/registered/${fixture.caCertificateId}`,
      payload: {
        certificateId: certificate.certificateId,
        caCertificateId: fixture.caCertificateId,
        timestamp: expect.any(Number),
        certificateStatus: 'PENDING_ACTIVATION',
        awsAccountId: '123456789012',
        certificateRegistrationTimestamp: expect.stringMatching(/^\d+$/),
      },
    },
  ])
})

test('each further connection before the activation announces the certificate again; then it gets in', async () => {
  const certificate = await fixture.authority.issue('patient-device')
  for (let attempt = 1; attempt <= 3; attempt++) {
    expect(await tryConnect(fixture, certificate)).toEqual([])
    expect(eventsOf(certificate)).toHaveLength(attempt)
  }
  const pending = fixture.registry.certificates.get(certificate.certificateId)
  if (!pending) throw new Error('not registered')
  attachPolicy(fixture.registry, 'patient', certificate.certificateId, [
    { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
  ])
  fixture.registry.certificates.put(certificate.certificateId, { ...pending, status: 'ACTIVE' })
  const client = await fixture.connect(certificate)
  client.send(connectPacket('new-device'))
  expect(await client.next()).toMatchObject({ cmd: 'connack', returnCode: 0 })
  expect(eventsOf(certificate)).toHaveLength(3)
  client.end()
})

test.each(['INACTIVE', 'REVOKED'] as const)(
  'a certificate that is %s is turned away, with no event',
  async (status) => {
    const certificate = await fixture.device(`device-${status}`)
    const record = fixture.registry.certificates.get(certificate.certificateId)
    if (record) fixture.registry.certificates.put(certificate.certificateId, { ...record, status })
    expect(await tryConnect(fixture, certificate)).toEqual([])
    expect(eventsOf(certificate)).toEqual([])
  },
)

test('a certificate of an unknown CA is cut off before any MQTT, with no event and no trace in the registry', async () => {
  const certificate = await (await createTestAuthority('Fleet CA')).issue('stranger')
  expect(await tryConnect(fixture, certificate)).toEqual([])
  expect(eventsOf(certificate)).toEqual([])
  expect(fixture.registry.certificates.get(certificate.certificateId)).toBeUndefined()
})

test.each([
  ['is inactive', { status: 'INACTIVE' }],
  ['does not register automatically', { autoRegistrationStatus: 'DISABLE' }],
])('a certificate whose CA %s is not registered', async (_, changes) => {
  const authority = await createTestAuthority('Another CA')
  registerAuthority(fixture.registry, authority.pem, changes)
  const certificate = await authority.issue('unlucky')
  expect(await tryConnect(fixture, certificate)).toEqual([])
  expect(fixture.registry.certificates.get(certificate.certificateId)).toBeUndefined()
})

test('an expired certificate, one that is not valid yet and one of an expired CA are not registered', async () => {
  const past = { notBefore: new Date(Date.now() - 2 * DAY_MS), notAfter: new Date(Date.now() - DAY_MS) }
  const future = { notBefore: new Date(Date.now() + DAY_MS), notAfter: new Date(Date.now() + 2 * DAY_MS) }
  const expired = await createTestAuthority('Expired CA', past)
  registerAuthority(fixture.registry, expired.pem)
  const certificates = [
    await fixture.authority.issue('late', past),
    await fixture.authority.issue('early', future),
    await expired.issue('orphan'),
  ]
  for (const certificate of certificates) {
    expect(await tryConnect(fixture, certificate)).toEqual([])
    expect(fixture.registry.certificates.get(certificate.certificateId)).toBeUndefined()
  }
})

test('of several CAs with one subject the one that signed is found', async () => {
  const authority = await createTestAuthority('Fleet CA')
  const caCertificateId = registerAuthority(fixture.registry, authority.pem)
  const certificate = await authority.issue('sibling')
  await tryConnect(fixture, certificate)
  expect(fixture.registry.certificates.get(certificate.certificateId)).toMatchObject({ caCertificateId })
})

test('a device may send its CA along, and is known by its own certificate', async () => {
  const { cert, key, certificateId } = await fixture.authority.issue('chained')
  const client = await connectMqtt({
    port: fixture.port,
    cert: `${cert}\n${fixture.authority.pem}`,
    key,
    ca: fixture.caPem,
  })
  client.send(connectPacket('chained'))
  expect(await client.closed()).toEqual([])
  expect(fixture.registry.certificates.get(certificateId)).toMatchObject({ status: 'PENDING_ACTIVATION' })
})

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a session of %s is not resumed: it would not show the chain',
  async (version) => {
    const { cert, key } = await fixture.device(`resuming-${version}`)
    const options = { port: fixture.port, cert, key, ca: fixture.caPem, minVersion: version, maxVersion: version }
    const first = await connectMqtt(options)
    first.send(connectPacket('resuming'))
    // TLS 1.3 sends its tickets after the handshake: by now they would be here.
    expect(await first.next()).toMatchObject({ cmd: 'connack', returnCode: 0 })
    const session = first.socket.getSession()
    first.end()
    const second = await connectTls({ ...options, session })
    expect(second.isSessionReused()).toBe(false)
    second.destroy()
  },
)

test('a client without certificate is cut off', async () => {
  const client = await connectMqtt({ port: fixture.port, ca: fixture.caPem })
  client.send(connectPacket('new-device'))
  expect(await client.closed()).toEqual([])
})

test('a client that does not name the server does not get through the handshake', async () => {
  const { cert, key } = await fixture.device('nameless')
  const socket = connect({ host: '127.0.0.1', port: fixture.port, cert, key, ca: fixture.caPem })
  const [error] = await once(socket, 'error')
  expect(error.code).toMatch(/^ERR_SSL|ECONNRESET/)
})

test('ALPN: x-amzn-mqtt-ca is agreed on, anything else is refused, nothing is needed', async () => {
  const { cert, key } = await fixture.device('alpn')
  const options = { port: fixture.port, cert, key, ca: fixture.caPem }
  const agreed = await connectTls({ ...options, ALPNProtocols: ['h2', 'x-amzn-mqtt-ca'] })
  expect(agreed.alpnProtocol).toBe('x-amzn-mqtt-ca')
  agreed.destroy()
  await expect(connectTls({ ...options, ALPNProtocols: ['h2'] })).rejects.toThrow(/no application protocol/i)
  const plain = await connectTls(options)
  expect(plain.alpnProtocol).toBe(false)
  plain.destroy()
})

test('TLS 1.1 is refused, TLS 1.2 is not', async () => {
  const { cert, key } = await fixture.device('versions')
  const options = { port: fixture.port, cert, key, ca: fixture.caPem }
  await expect(connectTls({ ...options, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' })).rejects.toThrow()
  const socket = await connectTls({ ...options, maxVersion: 'TLSv1.2' })
  expect(socket.getProtocol()).toBe('TLSv1.2')
  socket.destroy()
})
