import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createDevice } from './device.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess } from './testing/device-process.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { startProxy } from './testing/proxy.ts'
import { createS3Sink } from './testing/s3.ts'
import { connack, listen, startHttps, startMqtt } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  // A name that only the proxy knows.
  server = await authority.issueServer(['cloud.test'])
})
afterEach(() => void vi.unstubAllEnvs())

const there = (endpoint: string) => endpoint.replace('localhost', 'cloud.test')

async function createProxiedDevice() {
  const expiration = new Date(Date.now() + 3_600_000).toISOString()
  const credentials = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }
  const mutual = { ...server, ca: authority.pem, requestCert: true }
  const sink = createS3Sink()
  const configuration = {
    credentialsEndpoint: there(
      await startHttps(mutual, (_, response) => response.end(JSON.stringify({ credentials }))),
    ),
    mqttEndpoint: there(
      await startMqtt(mutual, (packet, socket) => {
        if (packet.cmd === 'connect') socket.write(connack(0))
      }),
    ),
    s3Endpoint: `https://${there(await startHttps(server, sink.handle))}`,
  }
  const dir = await createEnrolledFolder(authority, configuration)
  return { dir, device: createDevice({ dir, runtime: createHastyRuntime() }), configuration, sink }
}

test('gets credentials, uploads and speaks MQTT through the proxy, over kept connections', async () => {
  const proxy = await startProxy()
  vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${proxy.port}`)
  const { device, configuration, sink } = await createProxiedDevice()
  await (await device.connect({ timeoutMs: 0 })).disconnect()
  const file = join(temporaryFolder(), 'f.csv')
  for (const content of ['x', Buffer.alloc(3_000_000)]) {
    writeFileSync(file, content)
    await device.upload(file, { timeoutMs: 0 })
  }
  expect(sink.objects.size).toBe(2)
  const { mqttEndpoint, credentialsEndpoint, s3Endpoint } = configuration
  expect(proxy.targets).toEqual([mqttEndpoint, credentialsEndpoint, s3Endpoint.replace('https://', '')])
  device.close()
})

test('gives the proxy its name and password', async () => {
  const expected = `Basic ${Buffer.from('me:p@ss:word').toString('base64')}`
  const proxy = await startProxy((_, authorization) => (authorization === expected ? 200 : 407))
  const { device } = await createProxiedDevice()
  vi.stubEnv('HTTPS_PROXY', `http://me:wrong@127.0.0.1:${proxy.port}`)
  const refused = { code: 'PROXY_AUTHENTICATION', message: expect.not.stringContaining('wrong') }
  await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject(refused)
  await expect(device.connect({ timeoutMs: 0 })).rejects.toMatchObject(refused)
  vi.stubEnv('HTTPS_PROXY', `http://me:p%40ss%3Aword@127.0.0.1:${proxy.port}`)
  await device.credentials({ timeoutMs: 0 })
  await (await device.connect({ timeoutMs: 0 })).disconnect()
  device.close()
})

test.each([
  [403, 'PROXY_REFUSED'],
  [502, 'PROXY_UNAVAILABLE'],
] as const)('names what the proxy refuses with %d', async (status, code) => {
  const proxy = await startProxy(() => status)
  vi.stubEnv('HTTPS_PROXY', `127.0.0.1:${proxy.port}`)
  const { device } = await createProxiedDevice()
  const refused = {
    code,
    message: expect.stringContaining(`proxy 127.0.0.1:${proxy.port} does not connect to cloud.test:`),
  }
  await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject(refused)
  await expect(device.connect({ timeoutMs: 0 })).rejects.toMatchObject(refused)
  device.close()
})

test('names a proxy that is not there, hangs up, or speaks no HTTP', async () => {
  const { device } = await createProxiedDevice()
  const hangsUp = await listen(createServer((socket) => void socket.end()))
  const babbles = await listen(createServer((socket) => void socket.end('220 mail.example\r\n')))
  for (const [port, code] of [
    [1, 'CONNECTION_REFUSED'],
    [hangsUp, 'CONNECTION_LOST'],
    [babbles, 'ANSWER_INVALID'],
  ] as const) {
    vi.stubEnv('HTTPS_PROXY', `http://127.0.0.1:${port}`)
    const message = expect.stringContaining(`proxy 127.0.0.1:${port}`)
    await expect(device.connect({ timeoutMs: 0 })).rejects.toMatchObject({ code, message })
    await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject({ code, message })
  }
  device.close()
})

test('takes a proxy behind TLS, from the environment of the command', async () => {
  const proxy = await startProxy(() => 200, server)
  const { dir, configuration } = await createProxiedDevice()
  const { code, stdout, stderr } = await runDeviceProcess(['connect', '--dir', dir, '--timeout', '0'], {
    HTTPS_PROXY: `https://127.0.0.1:${proxy.port}`,
    NODE_EXTRA_CA_CERTS: join(dir, 'ca.pem'),
  })
  expect(stderr).toBe('')
  expect(stdout).toBe(`connected to ${configuration.mqttEndpoint} as press-7\n`)
  expect(proxy.targets).toEqual([configuration.mqttEndpoint])
  expect(code).toBe(0)
})

test('goes past the proxy where NO_PROXY says so', async () => {
  vi.stubEnv('HTTPS_PROXY', 'http://127.0.0.1:1')
  vi.stubEnv('NO_PROXY', 'cloud.test')
  const { device } = await createProxiedDevice()
  // Past the proxy, nobody knows the name.
  await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject({
    code: expect.stringMatching(/^(HOST_NOT_FOUND|DNS_UNAVAILABLE)$/),
  })
  device.close()
})
