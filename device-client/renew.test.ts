import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createDevice } from './device.ts'
import { readIdentity } from './device-folder.ts'
import { certificateIdOf } from './issued-certificate.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './testing/enrolled-device.ts'
import { type RenewalBackend, startRenewalBackend } from './testing/renewal-backend.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Time for the second connection after a registration, and little more. */
const brief = { baseMs: 1, timeoutMs: 300 }
const own = ['ca.pem', 'device.json', 'device.key', 'device.pem']

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

function deviceOf({ dir }: { readonly dir: string }, clock = () => new Date()) {
  return createDevice({ dir, runtime: { ...createHastyRuntime(), clock } })
}

const idIn = (dir: string) => certificateIdOf(readIdentity(dir).certificate)
const filesIn = (dir: string) => readdirSync(dir).sort()

async function issueEnding(notAfter: number, lifeMs: number) {
  return await authority.issueDevice('press-7', {
    notBefore: new Date(notAfter - lifeMs),
    notAfter: new Date(notAfter),
  })
}

/** A device whose new certificate has its place, and whose service does not know. */
async function startUnconfirmed() {
  const backend = await startRenewalBackend(authority)
  const old = idIn(backend.dir)
  backend.refuse.confirm = 'INTERNAL'
  const device = deviceOf(backend)
  await expect(device.renew({ force: true }, { ...brief, timeoutMs: 100 })).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(idIn(backend.dir)).not.toBe(old)
  expect(existsSync(join(backend.dir, 'previous.pem'))).toBe(true)
  return { backend, device, old }
}

test('does nothing before two thirds of the life of the certificate, and says when it will', async () => {
  const now = Date.now()
  const identity = await issueEnding(now + 41 * dayMs, 100 * dayMs)
  const dir = await createEnrolledFolder(authority, {}, identity)
  const { outcome, dueAt, notAfter } = await deviceOf({ dir }).renew()
  expect(outcome).toBe('notDue')
  const [earliest, latest] = [now + (200 / 3 - 59) * dayMs, now + (200 / 3 - 54) * dayMs]
  expect(dueAt.getTime()).toBeGreaterThan(earliest - 1000)
  expect(dueAt.getTime()).toBeLessThan(latest)
  expect(notAfter.getTime()).toBe(Math.floor((now + 41 * dayMs) / 1000) * 1000)
  expect((await deviceOf({ dir }).renew()).dueAt).toEqual(dueAt)
})

test('renews when it is due, over new connections, and keeps what the owner of the machine chose', async () => {
  const backend = await startRenewalBackend(authority, await issueEnding(Date.now() + dayMs, 4 * dayMs))
  const { dir } = backend
  const caFile = join(dir, 'ca.pem')
  const stale = { ...backend.configuration, bucket: 'old', caFile }
  writeFileSync(join(dir, 'device.json'), JSON.stringify(stale))
  const device = deviceOf({ dir })
  const before = await device.credentials()

  const { outcome, dueAt, notAfter } = await device.renew()
  expect(outcome).toBe('renewed')
  expect(notAfter).toEqual(readIdentity(dir).certificate.validToDate)
  expect(dueAt.getTime()).toBeGreaterThan(Date.now())
  expect(backend.usable()).toEqual([backend.holder()])
  expect(idIn(dir)).toBe(backend.holder().certificateId)
  expect(filesIn(dir)).toEqual(own)
  expect(device.configuration()).toEqual({ ...backend.configuration, caFile })
  const after = await device.credentials()
  expect(after.accessKeyId).not.toBe(before.accessKeyId)
  expect(after.accessKeyId).toContain(idIn(dir).slice(0, 8))
  expect((await device.renew()).outcome).toBe('notDue')
})

test('renews once when asked several times at once, and a device that runs elsewhere takes the new certificate', async () => {
  const backend = await startRenewalBackend(authority)
  const [one, other] = [deviceOf(backend), deviceOf(backend)]
  await other.credentials()
  const renewals = await Promise.all([one.renew({ force: true }), one.renew({ force: true })])
  expect(renewals[0]).toBe(renewals[1])
  expect(backend.steps.filter((step) => step === 'renew done')).toHaveLength(1)
  expect((await other.credentials()).accessKeyId).toContain(idIn(backend.dir).slice(0, 8))
})

test('two devices of one folder that renew at once end with one certificate', async () => {
  const backend = await startRenewalBackend(authority)
  const devices = [deviceOf(backend), deviceOf(backend), deviceOf(backend)]
  await Promise.allSettled(devices.map((device) => device.renew({ force: true }, brief)))
  await deviceOf(backend).renew()
  expect(backend.usable()).toEqual([backend.holder()])
  expect(idIn(backend.dir)).toBe(backend.holder().certificateId)
  expect(filesIn(backend.dir)).toEqual(own)
})

test('says what to do with a certificate outside its time', async () => {
  const dir = await createEnrolledFolder(authority, {}, await issueEnding(Date.now() - hourMs, dayMs))
  const device = deviceOf({ dir })
  const expired = {
    code: 'CERTIFICATE_EXPIRED',
    hint: expect.stringMatching(/claims create --thing NAME --replace.*enroll --force/),
  }
  for (const attempt of [device.renew(), device.renew({ force: true }), device.connect(), device.credentials()]) {
    await expect(attempt).rejects.toMatchObject(expired)
  }
  const early = deviceOf({ dir }, () => new Date(0))
  for (const attempt of [early.renew(), early.credentials()]) {
    await expect(attempt).rejects.toMatchObject({
      code: 'CERTIFICATE_NOT_YET_VALID',
      hint: expect.stringContaining('clock'),
    })
  }
})

test.each([undefined, 'http://203.0.113.1', 'api.example'])('asks for no certificate at %s', async (apiUrl) => {
  const { configuration, dir, steps } = await startRenewalBackend(authority)
  const saved = { ...configuration, apiUrl, caFile: join(dir, 'ca.pem') }
  writeFileSync(join(dir, 'device.json'), JSON.stringify(saved))
  const device = deviceOf({ dir })
  await device.credentials()
  await expect(device.renew({ force: true })).rejects.toMatchObject({ code: 'API_URL_UNUSABLE' })
  expect(steps).not.toContain('renew asked')
})

test.each(['CERTIFICATE_SUPERSEDED', 'CALLER_MISMATCH'] as const)('gives up when the API says %s', async (code) => {
  const backend = await startRenewalBackend(authority)
  backend.refuse.renew = code
  const device = deviceOf(backend)
  await expect(device.renew({ force: true })).rejects.toMatchObject({ name: 'Fault', code })
  expect(filesIn(backend.dir)).toEqual(own)
  await (await device.connect()).disconnect()
})

test('asks with the same key until the API answers', async () => {
  const backend = await startRenewalBackend(authority)
  backend.refuse.renew = 'INTERNAL'
  const device = deviceOf(backend)
  await expect(device.renew({ force: true }, { timeoutMs: 0 })).rejects.toMatchObject({ code: 'INTERNAL' })
  const key = readFileSync(join(backend.dir, 'renewal.key'), 'utf8')
  delete backend.refuse.renew
  expect((await device.renew({}, brief)).outcome).toBe('renewed')
  expect(readFileSync(join(backend.dir, 'device.key'), 'utf8')).toBe(key)
})

test('keeps a certificate that is not let in yet, and goes on when it is', async () => {
  const backend = await startRenewalBackend(authority)
  backend.registersAs = 'vended'
  const device = deviceOf(backend)
  const old = idIn(backend.dir)
  const pending = { code: 'REGISTRATION_PENDING' }
  await expect(device.renew({ force: true }, brief)).rejects.toMatchObject(pending)
  await expect(device.renew({}, brief)).rejects.toMatchObject(pending)
  expect(idIn(backend.dir)).toBe(old)
  await (await device.connect()).disconnect()
  backend.registersAs = 'active'
  expect((await device.renew({}, brief)).outcome).toBe('renewed')
  expect(idIn(backend.dir)).not.toBe(old)
})

test('gives a certificate up that is refused for more than a day', async () => {
  const backend = await startRenewalBackend(authority)
  backend.registersAs = 'quarantined'
  const device = deviceOf(backend)
  await expect(device.renew({ force: true }, brief)).rejects.toMatchObject({ code: 'REGISTRATION_PENDING' })
  const yesterday = new Date(Date.now() - dayMs - hourMs)
  utimesSync(join(backend.dir, 'renewal.pem'), yesterday, yesterday)
  await expect(device.renew({}, brief)).rejects.toMatchObject({
    code: 'RENEWAL_ABANDONED',
    message: expect.stringContaining('REGISTRATION_PENDING'),
  })
  expect(filesIn(backend.dir)).toEqual(own)
  await (await device.connect()).disconnect()
})

test('gives a refused certificate up when the API knows why', async () => {
  const backend = await startRenewalBackend(authority)
  backend.registersAs = 'quarantined'
  const device = deviceOf(backend)
  await expect(device.renew({ force: true }, brief)).rejects.toMatchObject({ code: 'REGISTRATION_PENDING' })
  backend.refuse.renew = 'CERTIFICATE_DENIED'
  await expect(device.renew({}, brief)).rejects.toMatchObject({ name: 'Fault', code: 'CERTIFICATE_DENIED' })
  expect(filesIn(backend.dir)).toEqual(own)
})

test('confirms with the next thing that the device does', async () => {
  const { backend, device, old } = await startUnconfirmed()
  // The service is still not there: the device works.
  await deviceOf(backend).credentials()
  expect(backend.holder().certificateId).toBe(old)
  delete backend.refuse.confirm
  await deviceOf(backend).credentials()
  expect(backend.usable()).toEqual([backend.holder()])
  expect(idIn(backend.dir)).toBe(backend.holder().certificateId)
  expect(filesIn(backend.dir)).toEqual(own)
  expect((await device.renew()).outcome).toBe('notDue')
})

test.each<[string, (backend: RenewalBackend) => void]>([
  ['was swept', (backend) => backend.sweep()],
  [
    'is refused',
    (backend) => {
      backend.refuse.confirm = 'CERTIFICATE_SUPERSEDED'
    },
  ],
])('goes back to the previous certificate when the new one %s', async (_, happen) => {
  const { backend, device, old } = await startUnconfirmed()
  happen(backend)
  await (await deviceOf(backend).connect(brief)).disconnect()
  expect(idIn(backend.dir)).toBe(old)
  expect(filesIn(backend.dir)).toEqual(own)
  delete backend.refuse.confirm
  expect((await device.renew({ force: true })).outcome).toBe('renewed')
  expect(backend.usable()).toEqual([backend.holder()])
})

test('tells that it went back', async () => {
  const { backend, device, old } = await startUnconfirmed()
  backend.sweep()
  await expect(device.renew({}, brief)).rejects.toMatchObject({
    code: 'RENEWAL_ABANDONED',
    message: expect.stringContaining('CERTIFICATE_INACTIVE'),
  })
  expect(idIn(backend.dir)).toBe(old)
})

test('a device that was off until its certificate had expired goes on with the one that it had asked for', async () => {
  const backend = await startRenewalBackend(authority, await issueEnding(Date.now() + hourMs, dayMs))
  backend.registersAs = 'vended'
  await expect(deviceOf(backend).renew({ force: true }, brief)).rejects.toMatchObject({ code: 'REGISTRATION_PENDING' })
  backend.registersAs = 'active'
  const later = deviceOf(backend, () => new Date(Date.now() + 2 * hourMs))
  await (await later.connect(brief)).disconnect()
  expect(backend.usable()).toEqual([backend.holder()])
  expect(idIn(backend.dir)).toBe(backend.holder().certificateId)
})
