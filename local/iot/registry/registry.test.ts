import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAuthority } from '../control/certificate-fixture.ts'
import { certificateIdOf } from './certificate-record.ts'
import { createRegistry } from './registry.ts'
import type { Registry, RegistryChange } from './types.ts'

const options = { accountId: '123456789012', region: 'eu-central-1', clock: () => new Date('2026-01-01T00:00:00Z') }
let folder: string
let registry: Registry
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'registry-'))
  registry = createRegistry({ folder, ...options })
})
afterEach(() => {
  registry.close()
  rmSync(folder, { recursive: true })
})

const group = (thingGroupName: string, parentGroupName?: string) =>
  registry.thingGroups.put(thingGroupName, {
    thingGroupName,
    thingGroupId: thingGroupName,
    ...(parentGroupName !== undefined && { parentGroupName }),
    attributes: {},
    version: 1,
    createdAtMs: 0,
  })
const policy = (policyName: string) =>
  registry.policies.put(policyName, {
    policyName,
    defaultVersionId: '2',
    lastVersion: 2,
    versions: ['1', '2'].map((versionId) => ({ versionId, document: `${policyName} ${versionId}`, createdAtMs: 0 })),
    createdAtMs: 0,
    modifiedAtMs: 0,
    generationId: 'g',
  })

test('a relation reads the same from both sides, whatever was added and removed', () => {
  const name = fc.constantFrom('a', 'aa', 'a-b', 'b', 'arn:aws:iot:r:1:cert/x')
  const step = fc.record({ add: fc.boolean(), left: name, right: name })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { thingPrincipals } = registry
      const model = new Set<string>()
      for (const { add, left, right } of steps) {
        const pair = `${left} ${right}`
        expect(add ? thingPrincipals.add(left, right) : thingPrincipals.remove(left, right)).toBe(
          add !== model.has(pair),
        )
        if (add) model.add(pair)
        else model.delete(pair)
      }
      const pairs = [...model].map((pair) => pair.split(' '))
      for (const one of new Set(pairs.flat())) {
        const rights = pairs.filter(([left]) => left === one).map(([, right]) => right)
        const lefts = pairs.filter(([, right]) => right === one).map(([left]) => left)
        expect(thingPrincipals.rightsOf(one)).toEqual(rights.sort())
        expect(thingPrincipals.leftsOf(one)).toEqual(lefts.sort())
        expect(thingPrincipals.rightsOf(one, { limit: 1 })).toEqual(rights.slice(0, 1))
        expect(thingPrincipals.rightsOf(one, { after: rights[0] ?? '' })).toEqual(rights.slice(1))
      }
      for (const [left = '', right = ''] of pairs) thingPrincipals.remove(left, right)
    }),
    { numRuns: 30 },
  )
})

test('changes are told after the commit, and not at all after a rollback', () => {
  const told: RegistryChange[] = []
  registry.changes.on('change', (change) => told.push(change))
  registry.transaction(() => {
    policy('p')
    registry.policyTargets.add('p', 'target')
    registry.policyTargets.add('p', 'target')
    expect(told).toEqual([])
  })
  expect(told).toEqual([
    { kind: 'policy', id: 'p' },
    { kind: 'policyTarget', id: 'p target' },
  ])
  expect(() =>
    registry.transaction(() => {
      registry.policyTargets.remove('p', 'target')
      throw new Error('changed my mind')
    }),
  ).toThrow('changed my mind')
  expect(told).toHaveLength(2)
  expect(registry.policyTargets.has('p', 'target')).toBe(true)
  registry.policies.delete('missing')
  expect(told).toHaveLength(2)
})

test('the effective policies are the certificate’s and those of its thing’s groups up to the root', () => {
  const certificateId = 'c'.repeat(64)
  group('root')
  group('leaf', 'root')
  for (const name of ['own', 'of-root', 'of-leaf', 'of-nothing']) policy(name)
  registry.policyTargets.add('own', registry.arn.certificate(certificateId))
  registry.policyTargets.add('of-root', registry.arn.thingGroup('root'))
  registry.policyTargets.add('of-leaf', registry.arn.thingGroup('leaf'))
  registry.policyTargets.add('own', registry.arn.thingGroup('leaf'))
  registry.groupMembers.add('leaf', 'lamp')
  const names = (thing?: string) => registry.effectivePolicies(certificateId, thing).map((found) => found.policyName)

  expect(names('lamp')).toEqual(['own'])
  registry.thingPrincipals.add('lamp', certificateId)
  expect(names('lamp')).toEqual(['own', 'of-leaf', 'of-root'])
  expect(names()).toEqual(['own'])
  expect(names('another')).toEqual(['own'])
  expect(registry.effectivePolicies(certificateId)).toEqual([
    {
      policyName: 'own',
      policyArn: 'arn:aws:iot:eu-central-1:123456789012:policy/own',
      policyDocument: 'own 2',
    },
  ])
})

test('a write is there for another process as soon as the call returned, though this one is killed', () => {
  const script = `
    import { createRegistry } from ${JSON.stringify(new URL('./registry.ts', import.meta.url).href)}
    const registry = createRegistry({ folder: ${JSON.stringify(folder)}, accountId: '1', region: 'r', clock: () => new Date() })
    registry.settings.put('mark', 'written')
    process.kill(process.pid, 'SIGKILL')`
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', script]).signal).toBe('SIGKILL')
  expect(registry.settings.get('mark')).toBe('written')
})

test('just-in-time registration writes a certificate once, in its CA’s mode', async () => {
  const authority = await createAuthority()
  const certificatePem = await authority.sign('device')
  const caCertificateId = certificateIdOf(new X509Certificate(authority.pem))
  const now = 1
  registry.caCertificates.put(caCertificateId, {
    certificateId: caCertificateId,
    pem: authority.pem,
    status: 'ACTIVE',
    mode: 'SNI_ONLY',
    autoRegistrationStatus: 'ENABLE',
    subject: 'CN=Test CA',
    notBeforeMs: now,
    notAfterMs: now,
    createdAtMs: now,
    modifiedAtMs: now,
    customerVersion: 1,
    generationId: 'g',
  })
  const pending = registry.registerPending(certificatePem, caCertificateId)
  expect(pending).toMatchObject({
    certificateId: certificateIdOf(new X509Certificate(certificatePem)),
    caCertificateId,
    status: 'PENDING_ACTIVATION',
    mode: 'SNI_ONLY',
  })
  registry.certificates.put(pending.certificateId, { ...pending, status: 'ACTIVE' })
  expect(registry.registerPending(certificatePem, caCertificateId).status).toBe('ACTIVE')
})
