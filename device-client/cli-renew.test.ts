import type { ChildProcess } from 'node:child_process'
import { beforeAll, expect, test } from 'vitest'
import { readIdentity } from './device-folder.ts'
import { certificateIdOf } from './issued-certificate.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { runDeviceProcess, startDeviceProcess } from './testing/device-process.ts'
import { startRenewalBackend } from './testing/renewal-backend.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

/** Tells a process to end once it has connected so often. */
function endWhenConnected(child: ChildProcess, times: number): void {
  let printed = ''
  const read = (chunk: unknown) => {
    printed += chunk
    if (printed.match(/^connected to/gm)?.length !== times) return
    child.stderr?.off('data', read)
    child.kill('SIGTERM')
  }
  child.stderr?.on('data', read)
}

test('renews only when it is due, or told to', async () => {
  const backend = await startRenewalBackend(authority)
  const { dir } = backend
  const first = backend.holder()
  const early = await runDeviceProcess(['renew', '--dir', dir])
  expect(early).toMatchObject({ code: 0, stderr: '' })
  expect(early.stdout).toMatch(/^not due before \d{4}-\d\d-\d\dT[\d:.]+Z\n$/)
  expect(backend.steps).toEqual([])

  const forced = await runDeviceProcess(['renew', '--force', '--dir', dir])
  const { validToDate } = readIdentity(dir).certificate
  expect(forced).toMatchObject({ code: 0, stdout: `renewed as press-7, valid until ${validToDate.toISOString()}\n` })
  expect(backend.holder()).not.toBe(first)
})

test('ends with 1 and the reason when it is refused', async () => {
  const backend = await startRenewalBackend(authority)
  backend.refuse.renew = 'CALLER_MISMATCH'
  const { code, stderr } = await runDeviceProcess(['renew', '--force', '--dir', backend.dir])
  expect(stderr).toContain('CALLER_MISMATCH')
  expect(code).toBe(1)
})

test('stays connected over a renewal, with the new certificate', async () => {
  const lifeMs = 60_000
  const bornAt = Date.now() - lifeMs * (2 / 3) + 1500
  const identity = await authority.issueDevice('press-7', {
    notBefore: new Date(bornAt),
    notAfter: new Date(bornAt + lifeMs),
  })
  const backend = await startRenewalBackend(authority, identity)
  const { child, ended } = startDeviceProcess(['run', '--dir', backend.dir])
  endWhenConnected(child, 2)
  const { code, stderr } = await ended
  expect(stderr).toMatch(/renewed the certificate, valid until/)
  expect(code).toBe(0)
  expect(backend.usable()).toEqual([backend.holder()])
  expect(certificateIdOf(readIdentity(backend.dir).certificate)).toBe(backend.holder().certificateId)
})

test('connects with the present certificate when the renewal fails', async () => {
  const identity = await authority.issueDevice('press-7', {
    notBefore: new Date(Date.now() - 90_000_000),
    notAfter: new Date(Date.now() + 10_000_000),
  })
  const backend = await startRenewalBackend(authority, identity)
  backend.refuse.confirm = 'CERTIFICATE_SUPERSEDED'
  const { child, ended } = startDeviceProcess(['run', '--dir', backend.dir])
  endWhenConnected(child, 1)
  const { code, stderr } = await ended
  expect(stderr).toContain('not renewed: RENEWAL_ABANDONED')
  expect(backend.steps.filter((step) => step === 'renew done')).toHaveLength(1)
  expect(code).toBe(0)
})
