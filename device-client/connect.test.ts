import { createServer } from 'node:net'
import type { TLSSocket } from 'node:tls'
import mqtt, { type Packet } from 'mqtt-packet'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { readIdentity } from './device-folder.ts'
import { openMqttConnection } from './mqtt-connection.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { connack, listen, startHttp, startMqtt } from './testing/servers.ts'

const dayMs = 86_400_000
let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const mutual = () => ({ ...server, ca: authority.pem, requestCert: true })

async function connectTo(mqttEndpoint: string, runtime = createHastyRuntime(), identity?: KeyAndCertificate) {
  const device = createDevice({ dir: await createEnrolledFolder(authority, { mqttEndpoint }, identity), runtime })
  const told: string[] = []
  const onRetry = (error: unknown) => told.push((error as { code: string }).code)
  return { connecting: device.connect({ timeoutMs: 5000, onRetry }), told }
}

/** For one attempt: the fault, without a second try. */
async function faultOf(mqttEndpoint: string): Promise<string> {
  const device = createDevice({ dir: await createEnrolledFolder(authority, { mqttEndpoint }) })
  return await device.connect({ timeoutMs: 0 }).then(
    () => 'connected',
    ({ code }) => code,
  )
}

test('waits while the service hangs up on the first connections, then connects as the thing and says goodbye', async () => {
  const packets: Packet[] = []
  const names: unknown[] = []
  let connections = 0
  const endpoint = await startMqtt(mutual(), (packet, socket) => {
    packets.push(packet)
    if (packet.cmd !== 'connect') return
    names.push(socket.getPeerCertificate().subject.CN, (socket as TLSSocket & { servername: string }).servername)
    if (++connections < 3) socket.end()
    else socket.write(connack(0))
  })
  const waits: number[] = []
  const { connecting, told } = await connectTo(endpoint, createHastyRuntime(waits))
  const connection = await connecting
  await connection.disconnect()
  expect(await connection.closed).toBeUndefined()

  expect(told).toEqual(['REGISTRATION_PENDING', 'REGISTRATION_PENDING'])
  expect(waits[0]).toBeLessThanOrEqual(2000)
  expect(names.slice(-2)).toEqual(['press-7', 'localhost'])
  expect(packets.at(-2)).toMatchObject({ cmd: 'connect', clientId: 'press-7', clean: true, protocolVersion: 4 })
  expect(packets.at(-1)).toMatchObject({ cmd: 'disconnect' })
})

test.each([
  [1, 'MQTT_VERSION_REFUSED'],
  [2, 'MQTT_CLIENT_ID_REFUSED'],
  [3, 'MQTT_UNAVAILABLE'],
  [4, 'MQTT_CREDENTIALS_REFUSED'],
  [5, 'MQTT_NOT_AUTHORIZED'],
])('names CONNACK %d %s', async (returnCode, code) => {
  expect(await faultOf(await startMqtt(mutual(), (_, socket) => socket.write(connack(returnCode))))).toBe(code)
})

test('names a connection that is not made', async () => {
  expect(await faultOf('host.invalid:8883')).toMatch(/HOST_NOT_FOUND|DNS_UNAVAILABLE/)
  const closed = createServer()
  const port = await listen(closed)
  await new Promise((resolve) => closed.close(resolve))
  expect(await faultOf(`localhost:${port}`)).toBe('CONNECTION_REFUSED')
})

test('names a server that is not the right one', async () => {
  const accept = (_: Packet, socket: TLSSocket) => socket.write(connack(0))
  const stranger = await createTestAuthority('Stranger')
  expect(await faultOf(await startMqtt(await stranger.issueServer(), accept))).toBe('SERVER_CA_UNKNOWN')
  expect(await faultOf(await startMqtt(await authority.issueServer(['other.example']), accept))).toBe(
    'SERVER_HOST_MISMATCH',
  )
  const old = await authority.issueServer(['localhost'], { notAfter: new Date(Date.now() - 1000) })
  expect(await faultOf(await startMqtt(old, accept))).toBe('SERVER_CERTIFICATE_EXPIRED')
  const young = await authority.issueServer(['localhost'], { notBefore: new Date(Date.now() + 3_600_000) })
  expect(await faultOf(await startMqtt(young, accept))).toBe('SERVER_CERTIFICATE_NOT_YET_VALID')
})

test('names what speaks no TLS or no MQTT', async () => {
  const plain = await startHttp((_, response) => response.end('hello'))
  expect(await faultOf(plain.replace('http://127.0.0.1', 'localhost'))).toBe('NOT_TLS')
  expect(
    await faultOf(await startMqtt(mutual(), (_, socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  ).toBe('MQTT_PROTOCOL')
})

test.each([
  [40, 'TLS_REFUSED'],
  [42, 'CERTIFICATE_REFUSED'],
  [44, 'CERTIFICATE_REVOKED'],
  [45, 'CERTIFICATE_EXPIRED'],
  [46, 'CERTIFICATE_REFUSED'],
  [48, 'CERTIFICATE_CA_UNREGISTERED'],
  [49, 'CERTIFICATE_REFUSED'],
  [70, 'TLS_REFUSED'],
  [112, 'SERVER_HOST_MISMATCH'],
  [116, 'CERTIFICATE_REFUSED'],
])('names the TLS alert %d %s', async (alert, code) => {
  // node:tls as a server sends no such alerts: so the record of RFC 8446, section 5.1, by hand.
  const record = Buffer.from([21, 3, 3, 0, 2, 2, alert])
  const port = await listen(createServer((socket) => socket.once('data', () => socket.end(record))))
  expect(await faultOf(`localhost:${port}`)).toBe(code)
})

test('tells the dates of a certificate that is not valid now, and does not connect', async () => {
  const expired = await authority.issueDevice('press-7', { notAfter: new Date(Date.now() - dayMs / 2) })
  const { connecting } = await connectTo('localhost:1', createHastyRuntime(), expired)
  await expect(connecting).rejects.toMatchObject({ code: 'CERTIFICATE_EXPIRED' })
  const clockAt1970 = { ...createHastyRuntime(), clock: () => new Date(0) }
  await expect((await connectTo('localhost:1', clockAt1970)).connecting).rejects.toMatchObject({
    code: 'CERTIFICATE_NOT_YET_VALID',
    hint: expect.stringContaining('clock'),
  })
})

test('gives up on a broker that says nothing, and on an abort', async () => {
  const dir = await createEnrolledFolder(authority, { mqttEndpoint: await startMqtt(mutual(), () => {}) })
  const { configuration, tls } = readIdentity(dir)
  const options = {
    endpoint: configuration.mqttEndpoint,
    clientId: 'press-7',
    tls,
    keepAliveSeconds: 60,
    timeoutMs: 300,
  }
  await expect(openMqttConnection(options)).rejects.toMatchObject({ code: 'CONNECTION_TIMEOUT' })
  const signal = AbortSignal.timeout(50)
  await expect(openMqttConnection({ ...options, timeoutMs: 60_000, signal })).rejects.toThrow('timeout')
})

test('pings while idle, and notices a broker that stopped answering', async () => {
  let pings = 0
  const endpoint = await startMqtt(mutual(), (packet, socket) => {
    if (packet.cmd === 'connect') socket.write(connack(0))
    if (packet.cmd === 'pingreq' && ++pings === 1) socket.write(mqtt.generate({ cmd: 'pingresp' }))
  })
  const { tls } = readIdentity(await createEnrolledFolder(authority))
  const connection = await openMqttConnection({
    endpoint,
    clientId: 'press-7',
    tls,
    keepAliveSeconds: 1,
    timeoutMs: 200,
  })
  expect(await connection.closed).toMatchObject({ code: 'CONNECTION_LOST' })
  expect(pings).toBe(2)
})
