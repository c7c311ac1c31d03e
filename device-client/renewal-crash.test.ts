import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleDevice } from '../build/bundle-device.ts'
import { createDevice } from './device.ts'
import { readIdentity } from './device-folder.ts'
import { certificateIdOf } from './issued-certificate.ts'
import { runConcurrently } from './run-concurrently.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { createCrashingDevice } from './testing/crashing-device.ts'
import { createHastyRuntime } from './testing/enrolled-device.ts'
import { type RenewalBackend, startRenewalBackend } from './testing/renewal-backend.ts'

let authority: TestAuthority
let command: Awaited<ReturnType<typeof createCrashingDevice>>
beforeAll(async () => {
  authority = await createTestAuthority()
  command = await createCrashingDevice(new URL('./testing/crash-at.ts', import.meta.url), bundleDevice)
})
afterAll(() => command?.remove())

/** The real command as a process of its own; dies before its crashAt-th change of a folder. */
function startRenewing(dir: string, crashAt = 0) {
  return command.start(['renew', '--force', '--dir', dir], crashAt)
}

/** As after a power cut: the device connects with what it has, goes on, and ends with one certificate on either side. */
async function expectRecovery(backend: RenewalBackend, at: string): Promise<void> {
  const { dir } = backend
  expect(backend.usable().length, at).toBeLessThanOrEqual(2)
  await expectConnection(dir, at)
  const device = createDevice({ dir, runtime: createHastyRuntime() })
  await device.renew()
  device.close()

  const held = backend.holder()
  expect(backend.usable(), at).toEqual([held])
  expect(certificateIdOf(readIdentity(dir).certificate), at).toBe(held.certificateId)
  const files = readdirSync(dir).filter((name) => !name.endsWith('.draft'))
  expect(files.sort(), at).toEqual(['ca.pem', 'device.json', 'device.key', 'device.pem'])
}

/** Breaks off when the new certificate has its place, and the service does not know. */
async function renewUnconfirmed(backend: RenewalBackend): Promise<void> {
  const interruption = new AbortController()
  backend.interfere = (step) => {
    if (step === 'confirm asked') interruption.abort()
    return step !== 'confirm asked'
  }
  const device = createDevice({ dir: backend.dir, runtime: createHastyRuntime() })
  await expect(device.renew({ force: true }, { signal: interruption.signal })).rejects.toThrow('aborted')
  backend.interfere = () => true
}

async function expectConnection(dir: string, at: string): Promise<void> {
  const device = createDevice({ dir, runtime: createHastyRuntime() })
  const connection = await device.connect({ timeoutMs: 5000 }).catch((error) => expect.unreachable(`${at}: ${error}`))
  await connection.disconnect()
  device.close()
}

test('recovers from a crash at any request, before it is heard and before its answer is', {
  timeout: 240_000,
}, async () => {
  const { steps, dir } = await startRenewalBackend(authority)
  expect((await startRenewing(dir).ended).code).toBe(0)
  expect(new Set(steps).size).toBe(8)
  await runConcurrently(steps.keys(), 2, async (index) => {
    const backend = await startRenewalBackend(authority)
    const { child, ended } = startRenewing(backend.dir)
    backend.interfere = () => backend.steps.length <= index || !child.kill('SIGKILL')
    expect((await ended).code).toBeNull()
    backend.interfere = () => true
    await expectRecovery(backend, `${index} ${steps[index]}`)
  })
})

test('recovers from a crash before any change of the folder', { timeout: 240_000 }, async () => {
  const ends: (number | null)[] = []
  const points = Array.from({ length: 60 }, (_, index) => index + 1)
  await runConcurrently(points, 2, async (crashAt) => {
    if (ends.includes(0)) return
    const backend = await startRenewalBackend(authority)
    const { code, stdout, stderr } = await startRenewing(backend.dir, crashAt).ended
    ends.push(code)
    if (code === 0) expect(stdout).toMatch(/^renewed as press-7, valid until /)
    else expect(code, stderr).toBeNull()
    await expectRecovery(backend, `change ${crashAt}`)
  })
  expect(ends.length).toBeGreaterThan(20)
  expect(ends).toContain(0)
})

test('recovers from crashes one after another', { timeout: 240_000 }, async () => {
  const backend = await startRenewalBackend(authority)
  const first = backend.holder()
  for (let crashAt = 1, code: number | null = null; code !== 0; crashAt += 3) {
    code = (await startRenewing(backend.dir, crashAt).ended).code
    expect(backend.usable().length).toBeLessThanOrEqual(2)
    await expectConnection(backend.dir, `change ${crashAt}`)
  }
  expect(backend.holder()).not.toBe(first)
  await expectRecovery(backend, 'the end')
})

test('recovers from a crash on the way back to the previous certificate', { timeout: 240_000 }, async () => {
  const codes: (number | null)[] = []
  await runConcurrently(Array.from({ length: 30 }).keys(), 2, async (index) => {
    if (codes.includes(1)) return
    const backend = await startRenewalBackend(authority)
    const first = backend.holder()
    await renewUnconfirmed(backend)
    backend.sweep()
    const { code, stderr } = await startRenewing(backend.dir, index + 1).ended
    codes.push(code)
    if (code === 1) expect(stderr).toContain('RENEWAL_ABANDONED')
    else expect(code, stderr).toBeNull()
    await expectRecovery(backend, `change ${index + 1}`)
    expect(backend.holder()).toBe(first)
  })
  expect(codes.length).toBeGreaterThan(8)
  expect(codes).toContain(1)
})

test('tells no secret', async () => {
  const backend = await startRenewalBackend(authority)
  const { stdout, stderr } = await startRenewing(backend.dir).ended
  const lines = readFileSync(join(backend.dir, 'device.key'), 'utf8').split('\n').slice(1, -2)
  for (const secret of [...lines, 'secret-', 'token-', 'tdc_']) expect(stdout + stderr).not.toContain(secret)
})
