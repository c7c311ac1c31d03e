import { chmodSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createDevice } from './device.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { systemRuntime } from './runtime.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder } from './testing/enrolled-device.ts'
import { startProxy } from './testing/proxy.ts'
import { s3Error } from './testing/s3.ts'
import { connack, listen, startHttp, startHttps, startMqtt } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const hourMs = 3_600_000
let authority: TestAuthority
let stranger: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  stranger = await createTestAuthority('Portal CA')
  server = await authority.issueServer()
})
afterEach(() => void vi.unstubAllEnvs())

const giveCredentials: RequestListener = (request, response) => {
  if (request.url === '/') return void response.writeHead(404).end()
  const expiration = new Date(Date.now() + hourMs).toISOString()
  const credentials = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }
  response.end(JSON.stringify({ credentials }))
}

/** The folder of a device for which all is well, but for what a test makes otherwise. */
async function createFolder(otherwise: Partial<SavedConfiguration> = {}, identity?: KeyAndCertificate, answer = 0) {
  const mutual = { ...server, ca: authority.pem, requestCert: true }
  const configuration = {
    mqttEndpoint: await startMqtt(mutual, (packet, socket) => {
      if (packet.cmd === 'connect') socket.write(connack(answer))
    }),
    credentialsEndpoint: await startHttps(mutual, giveCredentials),
    s3Endpoint: `https://${await startHttps(server, (_, response) => response.writeHead(403).end(s3Error('AccessDenied')))}`,
    apiUrl: `https://${await startHttps(server, (_, response) => response.writeHead(403).end('{"message":"Forbidden"}'))}`,
    ...otherwise,
  }
  return await createEnrolledFolder(authority, configuration, identity)
}

async function findIn(dir: string, clock = systemRuntime.clock) {
  const device = createDevice({ dir, runtime: { ...systemRuntime, clock } })
  const { isHealthy, findings } = await device.diagnose({ timeoutMs: 2000 })
  device.close()
  const wrong = findings.filter(({ state }) => state !== 'ok')
  for (const { code, hint } of wrong) expect([code, hint]).toEqual([expect.any(String), expect.any(String)])
  return { isHealthy, findings, wrong: Object.fromEntries(wrong.map(({ check, code }) => [check, code])) }
}

test('finds all well', async () => {
  const { isHealthy, findings } = await findIn(await createFolder())
  expect(findings.map(({ check, state }) => `${check} ${state}`)).toEqual([
    'folder ok',
    ...['mqtt', 'credentials', 'storage', 'api'].flatMap((name) =>
      ['dns', 'tcp', 'tls'].map((step) => `${name}-${step} ok`),
    ),
    'clock ok',
    'certificate ok',
    'renewal ok',
    'credentials ok',
    'storage ok',
    'api ok',
  ])
  expect(isHealthy).toBe(true)
})

test('judges the folder', async () => {
  expect((await findIn(temporaryFolder())).wrong).toEqual({ folder: 'NOT_ENROLLED' })
  const dir = await createFolder()
  chmodSync(dir, 0o777)
  expect((await findIn(dir)).wrong).toEqual({ folder: 'FOLDER_EXPOSED' })
  chmodSync(dir, 0o700)
  writeFileSync(join(dir, 'device.key'), (await authority.issueDevice('press-7')).key)
  expect((await findIn(dir)).wrong).toEqual({ folder: 'FOLDER_DAMAGED' })
  chmodSync(join(dir, 'device.key'), 0o644)
  expect((await findIn(dir)).wrong).toEqual({ folder: 'KEY_EXPOSED' })
})

test('judges the certificate and its renewal', async () => {
  const ending = (notAfterMs: number) =>
    authority.issueDevice('press-7', { notBefore: new Date(Date.now() - 100 * hourMs), notAfter: new Date(notAfterMs) })
  const due = await createFolder({}, await ending(Date.now() + hourMs))
  expect(await findIn(due)).toMatchObject({ isHealthy: true, wrong: { renewal: 'RENEWAL_DUE' } })
  const over = await createFolder({}, await ending(Date.now() - hourMs))
  expect(await findIn(over)).toMatchObject({ isHealthy: false, wrong: { certificate: 'CERTIFICATE_EXPIRED' } })
  const begun = await createFolder()
  writeFileSync(join(begun, 'renewal.key'), 'x')
  expect((await findIn(begun)).wrong).toEqual({ renewal: 'RENEWAL_UNFINISHED' })
})

test.each([
  ['in 1970', () => new Date(0)],
  ['an hour behind', () => new Date(Date.now() - hourMs)],
  ['an hour ahead', () => new Date(Date.now() + hourMs)],
])('names a clock %s, and judges the rest by the right time', async (_, clock) => {
  expect(await findIn(await createFolder(), clock)).toMatchObject({ isHealthy: true, wrong: { clock: 'CLOCK_SKEWED' } })
})

test('names what answers in place of a service', async () => {
  const portal: RequestListener = (_, response) =>
    response.writeHead(302, { location: 'http://login.portal/?u=1' }).end()
  const foreign = await stranger.issueServer()
  const elsewhere = await authority.issueServer(['other.example'])
  const young = await authority.issueServer(['localhost'], { notBefore: new Date(Date.now() + hourMs) })
  const bare = (url: string) => url.replace('http://127.0.0.1', 'localhost')
  const { wrong, findings } = await findIn(
    await createFolder({
      mqttEndpoint: bare(await startHttp(portal)),
      credentialsEndpoint: await startHttps(foreign, portal),
      s3Endpoint: `https://${await startHttps(foreign, (_, response) => response.end())}`,
      apiUrl: `https://${await startHttps(elsewhere, (_, response) => response.end())}`,
    }),
  )
  expect(wrong).toEqual({
    'mqtt-tls': 'CAPTIVE_PORTAL',
    'credentials-tls': 'CAPTIVE_PORTAL',
    'storage-tls': 'SERVER_CA_UNKNOWN',
    'api-tls': 'SERVER_HOST_MISMATCH',
  })
  const messageOf = (name: string) => findings.find(({ check }) => check === name)?.message
  expect(messageOf('mqtt-tls')).toContain('answers HTTP/1.1 302 Found to http://login.portal/: where TLS should be')
  expect(messageOf('storage-tls')).toContain('issued by "Portal CA"')
  const babbles = await listen(createServer((socket) => void socket.on('error', () => {}).end('220 mail.example\r\n')))
  const more = await findIn(
    await createFolder({
      mqttEndpoint: `localhost:${babbles}`,
      credentialsEndpoint: await startHttps(young, giveCredentials),
      s3Endpoint: `https://${await startHttps(server, (_, response) => response.writeHead(404).end(s3Error('NoSuchBucket')))}`,
      apiUrl: `https://${await startHttps(server, portal)}`,
    }),
  )
  expect(more.wrong).toEqual({
    'mqtt-tls': 'NOT_TLS',
    'credentials-tls': 'SERVER_CERTIFICATE_NOT_YET_VALID',
    storage: 'BUCKET_MISSING',
    api: 'ANSWER_INVALID',
  })
})

test('names how far a connection gets', async () => {
  const silent = await listen(createServer(() => {}))
  const { wrong } = await findIn(
    await createFolder({
      mqttEndpoint: 'localhost:1',
      credentialsEndpoint: `localhost:${silent}`,
      s3Endpoint: 'https://nowhere.invalid',
      apiUrl: 'what?',
    }),
  )
  expect(wrong).toEqual({
    'mqtt-tcp': 'CONNECTION_REFUSED',
    'credentials-tls': 'CONNECTION_TIMEOUT',
    'storage-dns': expect.stringMatching(/^(HOST_NOT_FOUND|DNS_UNAVAILABLE)$/),
    api: 'FOLDER_DAMAGED',
  })
})

test('asks the broker when there are no credentials', async () => {
  const refuse: RequestListener = (_, response) =>
    response.writeHead(403).end('{"message":"Certificate is invalid on this endpoint"}')
  const credentialsEndpoint = await startHttps(server, refuse)
  const { wrong } = await findIn(await createFolder({ credentialsEndpoint }, undefined, 5))
  expect(wrong).toEqual({ credentials: 'CERTIFICATE_INACTIVE', mqtt: 'MQTT_NOT_AUTHORIZED' })
})

test('looks through the proxy of the environment', async () => {
  const proxied = await authority.issueServer(['cloud.test'])
  const mutual = { ...proxied, ca: authority.pem, requestCert: true }
  const credentialsEndpoint = (await startHttps(mutual, giveCredentials)).replace('localhost', 'cloud.test')
  const dir = await createFolder({ credentialsEndpoint })
  const proxy = await startProxy()
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`)
  const { isHealthy, findings } = await findIn(dir)
  expect(isHealthy).toBe(true)
  expect(findings.map(({ check }) => check)).toContain('credentials-proxy')
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${(await startProxy(() => 403)).port}`)
  expect((await findIn(dir)).wrong).toEqual({ 'credentials-proxy': 'PROXY_REFUSED' })
  vi.stubEnv('HTTPS_PROXY', 'socks5://127.0.0.1')
  expect((await findIn(dir)).wrong).toEqual({ 'credentials-proxy': 'PROXY_UNUSABLE' })
})

test('prints a line for each check, or JSON, and ends with 1 when one failed', async () => {
  const dir = await createFolder()
  const well = await runDeviceProcess(['doctor', '--dir', dir])
  expect(well).toMatchObject({ code: 0, stderr: '' })
  expect(well.stdout).toMatch(/^ok {7}folder {11}.* holds press-7/)
  writeFileSync(join(dir, 'ca.pem'), stranger.pem)
  const ill = await runDeviceProcess(['doctor', '--output', 'json', '--dir', dir])
  expect(ill.code).toBe(1)
  const { isHealthy, findings } = JSON.parse(ill.stdout)
  expect(isHealthy).toBe(false)
  expect(findings).toContainEqual({
    check: 'mqtt-tls',
    state: 'failed',
    code: 'SERVER_CA_UNKNOWN',
    message: expect.stringContaining('issued by "Test CA"'),
    hint: expect.stringContaining('--ca-file'),
  })
  const text = await runDeviceProcess(['doctor', '--dir', dir])
  expect(text.stdout).toMatch(/^FAILED {3}mqtt-tls {9}SERVER_CA_UNKNOWN .*\n {26}name the CA/m)
})
