import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createDevice } from '../device.ts'
import { createTestAuthority, type TestAuthority } from '../testing/certificates.ts'
import { type RenewalBackend, type Step, startRenewalBackend } from '../testing/renewal-backend.ts'
import { canRunScript, runScript, shells } from './run-script.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

const renew = (dir: string, shell?: string) =>
  runScript(['renew', '--force', '--dir', dir], shell === undefined ? {} : { shell })

function expectRenewed({ dir, usable, holder }: RenewalBackend): void {
  expect(readdirSync(dir).sort()).toEqual(['ca.pem', 'device.json', 'device.key', 'device.pem'])
  expect(usable()).toEqual([holder()])
  expect(readFileSync(join(dir, 'device.pem'), 'utf8')).toContain(holder().certificatePem.trim())
}

describe.skipIf(!canRunScript)('renewal by the script (needs curl and openssl)', { timeout: 60_000 }, () => {
  test.each(shells)(
    'puts a new certificate in the place of the present one, with %s (each shell: THINGDROP_EXHAUSTIVE)',
    async (shell) => {
      const backend = await startRenewalBackend(authority)
      const before = backend.holder()
      const ended = await renew(backend.dir, shell)
      expect(ended).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^renewed as press-7, valid until .+ GMT\n$/),
        left: [],
      })
      expect(backend.holder()).not.toBe(before)
      expectRenewed(backend)
      expect(await runScript(['connect', '--dir', backend.dir])).toMatchObject({ code: 0, stderr: '' })
    },
  )

  test('waits until the certificate is due', async () => {
    const dayMs = 86_400_000
    const at = (days: number) => new Date(Date.now() + days * dayMs)
    const fresh = await authority.issueDevice('press-7', { notBefore: at(-10), notAfter: at(290) })
    const backend = await startRenewalBackend(authority, fresh)
    const early = await runScript(['renew', '--dir', backend.dir])
    expect(early).toMatchObject({ code: 0, stdout: expect.stringMatching(/^not due for (189|19\d|20[0-5]) days\n$/) })
    expect(backend.steps).toEqual([])
    const old = await authority.issueDevice('press-7', { notBefore: at(-220), notAfter: at(80) })
    const due = await startRenewalBackend(authority, old)
    expect(await runScript(['renew', '--dir', due.dir])).toMatchObject({ code: 0 })
    expectRenewed(due)
  })

  const clients = {
    async script(dir: string, signal?: AbortSignal) {
      await runScript(['renew', '--force', '--dir', dir], signal === undefined ? {} : { signal })
    },
    async node(dir: string, signal?: AbortSignal) {
      const device = createDevice({ dir })
      await device.renew({ force: true }, { baseMs: 50, timeoutMs: 25_000, signal }).catch(() => {})
      device.close()
    },
  }
  const cuts: readonly (readonly [keyof typeof clients, Step, keyof typeof clients])[] = [
    ['script', 'renew asked', 'node'],
    ['node', 'renew done', 'script'],
    ['script', 'connect done', 'node'],
    ['script', 'confirm done', 'node'],
    ['node', 'confirm done', 'script'],
  ]
  test.each(cuts)('the %s client is killed at "%s", and the %s client goes on', async (first, step, second) => {
    const backend = await startRenewalBackend(authority)
    const killed = new AbortController()
    backend.interfere = (at) => {
      if (at === step) killed.abort()
      return at !== step
    }
    await clients[first](backend.dir, killed.signal)
    expect(killed.signal.aborted).toBe(true)
    backend.interfere = () => true
    await clients[second](backend.dir)
    expectRenewed(backend)
  })

  test('keeps the present certificate when the API refuses, and drops the new key', async () => {
    const backend = await startRenewalBackend(authority)
    backend.refuse.renew = 'CALLER_MISMATCH'
    expect(await renew(backend.dir)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'CALLER_MISMATCH detail of CALLER_MISMATCH\n',
    })
    expectRenewed(backend)
  })

  test('goes back to the certificate before when the new one is refused at the end', async () => {
    const backend = await startRenewalBackend(authority)
    const before = readFileSync(join(backend.dir, 'device.pem'), 'utf8')
    backend.refuse.confirm = 'CERTIFICATE_SUPERSEDED'
    expect(await renew(backend.dir)).toMatchObject({ code: 1, stderr: expect.stringContaining('RENEWAL_ABANDONED') })
    expect(readFileSync(join(backend.dir, 'device.pem'), 'utf8')).toBe(before)
    expect(await runScript(['connect', '--dir', backend.dir])).toMatchObject({ code: 0 })
  })

  test('keeps both while the new certificate is in quarantine', async () => {
    const backend = await startRenewalBackend(authority)
    backend.registersAs = 'quarantined'
    const ended = await runScript(['renew', '--force', '--dir', backend.dir, '--timeout', '1'])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('REGISTRATION_PENDING') })
    expect(readdirSync(backend.dir)).toEqual(
      expect.arrayContaining(['device.key', 'renewal.key', 'renewal.pem', 'renewal.json']),
    )
    expect(await runScript(['connect', '--dir', backend.dir])).toMatchObject({ code: 0 })
  })
})
