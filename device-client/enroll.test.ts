import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { Pkcs10CertificateRequest } from '@peculiar/x509'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { readIdentity } from './device-folder.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { createHastyRuntime, testConfiguration } from './testing/enrolled-device.ts'
import { startHttp, startHttps } from './testing/servers.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const claim = `tdc_${'a'.repeat(16)}_${'b'.repeat(64)}`
const thingName = testConfiguration.thingName
let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

interface Vending {
  readonly commonName?: string
  readonly certificatePem?: string
  readonly chainPem?: string
  readonly thingName?: string
}

/** The answer to a request for a certificate, as the API gives it; `wrong` spoils it. */
async function vend(csr: string, wrong: Vending = {}) {
  const certificatePem = wrong.certificatePem ?? (await authority.sign(csr, wrong.commonName))
  return {
    certificateId: new X509Certificate(certificatePem).fingerprint256.replaceAll(':', '').toLowerCase(),
    certificatePem,
    chainPem: wrong.chainPem ?? authority.pem,
    notAfter: new Date().toISOString(),
    device: { ...testConfiguration, thingName: wrong.thingName ?? thingName },
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const problem = (code: string, status: number) => ({
  type: 'about:blank',
  title: code,
  status,
  code,
  detail: `detail of ${code}`,
  hint: 'a hint',
  requestId: 'r1',
})

type Handle = (body: { claim: string; csr: string }, response: ServerResponse, request: IncomingMessage) => unknown

const handler =
  (handle: Handle): RequestListener =>
  async (request, response) =>
    handle((await json(request)) as { claim: string; csr: string }, response, request)

async function startApi(handle: Handle): Promise<string> {
  return `${await startHttp(handler(handle))}/v1/certificates?thing=${thingName}#${claim}`
}

function createTestDevice(dir = temporaryFolder()) {
  return { dir, device: createDevice({ dir, runtime: createHastyRuntime() }) }
}

test('trades a claim for a certificate and saves all that the other commands need, for this user only', async () => {
  const { dir, device } = createTestDevice(join(temporaryFolder(), 'new', 'folder'))
  let keyBeforeAnswer = false
  const claimUrl = await startApi(async ({ claim: given, csr }, response, request) => {
    keyBeforeAnswer = existsSync(join(dir, 'device.key.pending'))
    expect(given).toBe(claim)
    expect(request.url).toBe('/v1/certificates')
    answer(response, 201, await vend(csr))
  })
  const caFile = join(temporaryFolder(), 'ca.pem')
  writeFileSync(caFile, authority.pem)

  expect(await device.enroll({ claimUrl, caFile })).toEqual({ ...testConfiguration, caFile })
  expect(keyBeforeAnswer).toBe(true)
  expect(device.configuration()).toEqual({ ...testConfiguration, caFile })
  expect(readFileSync(join(dir, 'device.pem'), 'utf8').match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
  expect(statSync(join(dir, 'device.key')).mode & 0o777).toBe(0o600)
  expect(statSync(dir).mode & 0o777).toBe(0o700)
  expect(readIdentity(dir).tls.ca).toBe(authority.pem)
  expect(existsSync(join(dir, 'device.key.pending'))).toBe(false)
})

test('asks with the same key until an answer arrives, also after it was given up', async () => {
  const { device, dir } = createTestDevice()
  const keys: string[] = []
  let isUp = false
  const claimUrl = await startApi(async ({ csr }, response) => {
    keys.push(new Pkcs10CertificateRequest(csr).publicKey.toString('hex'))
    if (!isUp) response.socket?.destroy()
    else if (keys.length === 3) answer(response, 409, problem('CLAIM_IN_USE', 409))
    else if (keys.length === 4) answer(response, 503, { message: 'Service Unavailable' })
    else answer(response, 200, await vend(csr))
  })
  await expect(device.enroll({ claimUrl }, { timeoutMs: 0 })).rejects.toMatchObject({
    code: 'CONNECTION_LOST',
  })
  isUp = true
  const again = createTestDevice(dir).device
  const told: unknown[] = []
  keys.push('')
  await again.enroll({ claimUrl }, { onRetry: (error) => told.push((error as { code: string }).code) })
  expect(told).toEqual(['CLAIM_IN_USE', 'ENROLLMENT_UNAVAILABLE'])
  expect(new Set(keys.filter(Boolean)).size).toBe(1)
})

test.each([
  ['CLAIM_USED', 409],
  ['CLAIM_EXPIRED', 403],
  ['CLAIM_UNKNOWN', 401],
  ['CSR_THING_MISMATCH', 403],
])("passes the API's refusal %s on, once, and saves nothing", async (code, status) => {
  const { device } = createTestDevice()
  let requests = 0
  const claimUrl = await startApi((_, response) => {
    requests++
    answer(response, status, problem(code, status))
  })
  await expect(device.enroll({ claimUrl })).rejects.toMatchObject({
    name: 'Fault',
    code,
    message: `detail of ${code}`,
    hint: 'a hint',
  })
  expect(requests).toBe(1)
  expect(() => device.configuration()).toThrow('holds no device')
})

test.each<[string, () => Promise<Vending>, RegExp]>([
  ['for another key', async () => ({ certificatePem: (await authority.issueDevice(thingName)).cert }), /another key/],
  ['for another thing', async () => ({ commonName: 'press-8' }), /not for press-7/],
  ['with the configuration of another thing', async () => ({ thingName: 'press-8' }), /configuration/],
  ['of another CA', async () => ({ chainPem: (await createTestAuthority('Test CA')).pem }), /not signed/],
  ['without a chain', async () => ({ chainPem: '' }), /lacks/],
])('refuses a certificate %s', async (_, spoil, message) => {
  const { device } = createTestDevice()
  const wrong = await spoil()
  const claimUrl = await startApi(async ({ csr }, response) => answer(response, 200, await vend(csr, wrong)))
  const enrolling = expect(device.enroll({ claimUrl })).rejects
  await enrolling.toMatchObject({ code: 'ANSWER_INVALID', message: expect.stringMatching(message) })
  expect(() => device.configuration()).toThrow('holds no device')
})

test('calls an answer that is no API of ours by its name', async () => {
  const { device } = createTestDevice()
  const portal = await startApi((_, response) => response.end('<html>please log in</html>'))
  await expect(device.enroll({ claimUrl: portal })).rejects.toMatchObject({ code: 'ANSWER_INVALID' })
  const missing = await startApi((_, response) => answer(response, 404, { message: 'Not Found' }))
  await expect(device.enroll({ claimUrl: missing })).rejects.toMatchObject({ code: 'ENROLLMENT_REFUSED' })
})

test('sends no claim without TLS to another machine', async () => {
  const claimUrl = `http://203.0.113.1/v1/certificates?thing=${thingName}#${claim}`
  await expect(createTestDevice().device.enroll({ claimUrl })).rejects.toMatchObject({
    code: 'CLAIM_URL_INSECURE',
  })
})

test('trusts the API only with its CA', async () => {
  const host = await startHttps(
    await authority.issueServer(),
    handler(async ({ csr }, response) => answer(response, 200, await vend(csr))),
  )
  const claimUrl = `https://${host}/v1/certificates?thing=${thingName}#${claim}`
  const caFile = join(temporaryFolder(), 'ca.pem')
  writeFileSync(caFile, authority.pem)
  const { device } = createTestDevice()
  await expect(device.enroll({ claimUrl })).rejects.toMatchObject({ code: 'SERVER_CA_UNKNOWN' })
  await device.enroll({ claimUrl, caFile })
  expect(device.configuration().thingName).toBe(thingName)
})

test('a crash between certificate and key leaves a whole identity', async () => {
  const { dir, device } = createTestDevice()
  const claimUrl = await startApi(async ({ csr }, response) => answer(response, 200, await vend(csr)))
  await device.enroll({ claimUrl })
  const oldKey = readFileSync(join(dir, 'device.key'))
  await device.enroll({ claimUrl })
  renameSync(join(dir, 'device.key'), join(dir, 'device.key.pending'))
  writeFileSync(join(dir, 'device.key'), oldKey, { mode: 0o600 })

  const { certificate, tls } = readIdentity(dir)
  expect(readFileSync(join(dir, 'device.key'), 'utf8')).toBe(tls.key)
  expect(tls.key).not.toBe(oldKey.toString())
  expect(certificate.subject).toBe(`CN=${thingName}`)
})

test('a new enrollment ends a renewal of what it replaces', async () => {
  const { dir, device } = createTestDevice()
  const claimUrl = await startApi(async ({ csr }, response) => answer(response, 200, await vend(csr)))
  await device.enroll({ claimUrl })
  for (const slot of ['renewal', 'previous']) {
    for (const kind of ['key', 'pem', 'json']) copyFileSync(join(dir, `device.${kind}`), join(dir, `${slot}.${kind}`))
  }
  await device.enroll({ claimUrl })
  expect(readdirSync(dir).sort()).toEqual(['device.json', 'device.key', 'device.pem'])
})
