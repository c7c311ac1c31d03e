import { appendFileSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { startRenewalBackend } from './testing/renewal-backend.ts'
import { createS3Sink, s3Error } from './testing/s3.ts'
import { connack, startHttps, startMqtt } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const hourMs = 3_600_000
let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const timeOf = (headers: IncomingHttpHeaders) =>
  Date.parse(String(headers['x-amz-date']).replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))

/** A device in front of an S3 that refuses what is signed more than 15 minutes off. */
async function createSkewed(clock: () => Date, identity?: KeyAndCertificate) {
  const refused: number[] = []
  const sink = createS3Sink(({ headers }, response) => {
    const offMs = timeOf(headers) - Date.now()
    if (Math.abs(offMs) < 15 * 60_000) return false
    refused.push(offMs)
    response.writeHead(403).end(s3Error('RequestTimeTooSkewed'))
    return true
  })
  let sets = 0
  const credentialsEndpoint = await startHttps(server, (request, response) => {
    if (request.url === '/') return void response.writeHead(404).end()
    const expiration = new Date(Date.now() + hourMs).toISOString()
    const credentials = { accessKeyId: `A${++sets}`, secretAccessKey: 's', sessionToken: 't', expiration }
    response.end(JSON.stringify({ credentials }))
  })
  const mqttEndpoint = await startMqtt({ ...server, ca: authority.pem, requestCert: true }, (packet, socket) => {
    if (packet.cmd === 'connect') socket.write(connack(0))
  })
  const s3Endpoint = `https://${await startHttps(server, sink.handle)}`
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint, mqttEndpoint }, identity)
  const device = createDevice({ dir, runtime: { ...createHastyRuntime(), clock } })
  const file = join(temporaryFolder(), 'f.csv')
  writeFileSync(file, 'x')
  return { device, file, sink, refused, sets: () => sets }
}

test.each([
  ['in 1970', () => new Date(0)],
  ['an hour behind', () => new Date(Date.now() - hourMs)],
  ['an hour ahead', () => new Date(Date.now() + hourMs)],
  ['a year ahead', () => new Date(Date.now() + 365 * 24 * hourMs)],
])('connects, gets credentials once and uploads with a clock %s', async (_, clock) => {
  const { device, file, sink, refused, sets } = await createSkewed(clock)
  await (await device.connect({ timeoutMs: 0 })).disconnect()
  await device.upload(file, { timeoutMs: 0 })
  appendFileSync(file, 'more')
  const { key } = await device.upload(file, { timeoutMs: 0 })
  expect(key).toContain(`/${new Date().toISOString().slice(0, 10)}/`)
  expect(sink.objects.size).toBe(2)
  expect(refused).toEqual([])
  expect(sets()).toBe(1)
  device.close()
})

test('signs by the time that S3 tells when the clock is set wrong meanwhile, in one more request', async () => {
  let offMs = 0
  const { device, file, sink, refused } = await createSkewed(() => new Date(Date.now() + offMs))
  await device.upload(file)
  offMs = -20 * 60_000
  appendFileSync(file, 'more')
  await device.upload(file)
  expect(sink.objects.size).toBe(2)
  expect(refused).toHaveLength(1)
  offMs = 0
  appendFileSync(file, 'more')
  await device.upload(file)
  expect(refused).toHaveLength(1)
  device.close()
})

test('names the skew when S3 goes on to refuse', async () => {
  const s3Endpoint = `https://${await startHttps(server, (request, response) => {
    request.resume().on('end', () => response.writeHead(403).end(s3Error('RequestTimeTooSkewed')))
  })}`
  const expiration = new Date(Date.now() + hourMs).toISOString()
  const credentials = { accessKeyId: 'A', secretAccessKey: 's', sessionToken: 't', expiration }
  const credentialsEndpoint = await startHttps(server, (_, response) => response.end(JSON.stringify({ credentials })))
  const device = createDevice({ dir: await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint }) })
  const file = join(temporaryFolder(), 'f.csv')
  writeFileSync(file, 'x')
  await expect(device.upload(file, { timeoutMs: 0 })).rejects.toMatchObject({
    code: 'CLOCK_SKEWED',
    message: expect.stringMatching(/this machine says .*, S3 says /),
    hint: expect.stringContaining('set the clock'),
  })
  device.close()
})

test('tells a certificate that is over from a clock that is wrong', async () => {
  const over = await authority.issueDevice('press-7', { notAfter: new Date(Date.now() - hourMs) })
  const { device } = await createSkewed(() => new Date(Date.now() - 2 * hourMs), over)
  // The first answer tells that the clock is behind; what the certificate is worth shows there.
  await device.credentials()
  await expect(device.renew()).rejects.toMatchObject({ code: 'CERTIFICATE_EXPIRED' })
  device.close()
})

test.each([-hourMs, hourMs, -50 * 365 * 24 * hourMs])('renews with a clock that is off by %d ms', async (offMs) => {
  const backend = await startRenewalBackend(authority)
  const first = backend.holder()
  const runtime = { ...createHastyRuntime(), clock: () => new Date(Date.now() + offMs) }
  const device = createDevice({ dir: backend.dir, runtime })
  expect((await device.renew({ force: true })).outcome).toBe('renewed')
  expect(backend.holder()).not.toBe(first)
  device.close()
})

test("names this machine's clock when a server's certificate seems to be of the future or the past", async () => {
  for (const [validity, code] of [
    [{ notBefore: new Date(Date.now() + hourMs) }, 'SERVER_CERTIFICATE_NOT_YET_VALID'],
    [{ notAfter: new Date(Date.now() - hourMs) }, 'SERVER_CERTIFICATE_EXPIRED'],
  ] as const) {
    const young = await authority.issueServer(['localhost'], validity)
    const credentialsEndpoint = await startHttps(young, (_, response) => response.end())
    const device = createDevice({ dir: await createEnrolledFolder(authority, { credentialsEndpoint }) })
    await expect(device.credentials({ timeoutMs: 0 })).rejects.toMatchObject({
      code,
      message: expect.stringContaining("this machine's clock says 20"),
      hint: expect.stringContaining('clock'),
    })
    device.close()
  }
})
