import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { createDevice } from '#device/index.ts'
import { createTestAuthority } from '#device/testing/certificates.ts'
import { runCommand } from '#operator/test-cli.ts'
import { compileCache } from '../start/run-program.ts'
import { programs } from './bundle.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, registerDevice } from './test-device.ts'

const patience = { baseMs: 200, timeoutMs: 25_000 }

let cloud: TestCloud
let folder: string
beforeAll(async () => {
  cloud = await startTestCloud()
  folder = join(cloud.stateDir, 'operator')
  await mkdir(folder)
})
afterAll(() => cloud?.close())

/** A file of the operator's. */
const at = (name: string) => join(folder, name)

function thingdrop(...args: string[]) {
  return runCommand(args, { ...cloud.environment, THINGDROP_API_URL: cloud.output('ApiUrl') })
}

/** The same as a process of its own, which finds the API by itself. */
async function startThingdrop(...args: string[]) {
  const child = spawn(process.execPath, [programs.thingdrop, ...args], {
    cwd: folder,
    env: { HOME: folder, NODE_COMPILE_CACHE: compileCache, ...cloud.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { stdout, stderr, code }
}

/** What a command answered as JSON. */
async function answerOf(...args: string[]) {
  const { stdout, stderr, code } = await thingdrop(...args, '--output', 'json')
  expect({ args, stderr, code }).toMatchObject({ args, code: 0 })
  return JSON.parse(stdout)
}

async function certificateIdOf(thing: string): Promise<string> {
  return (await answerOf('things', 'show', thing)).certificateId
}

test('claims: one, many from a counter, their list, and taken back', async () => {
  const claim = await answerOf('claims', 'create', '--thing', 'press-1', '--attribute', 'site=oslo', '--ttl', '2h')
  const many = ['claims', 'create', '--thing', 'meter-#', '--count', '5', '--out', at('meters.csv')]
  expect(await thingdrop(...many)).toMatchObject({ code: 0, stderr: expect.stringMatching(/^5 claims made, 0/) })
  expect(await thingdrop(...many)).toMatchObject({ code: 0, stderr: expect.stringMatching(/^0 claims made, 5/) })

  const open = (await answerOf('claims', 'list', '--all')).claims
  expect(open.map(({ thingName }: { thingName: string }) => thingName).toSorted()).toEqual([
    ...[1, 2, 3, 4, 5].map((number) => `meter-${number}`),
    'press-1',
  ])
  expect(await thingdrop('claims', 'revoke', claim.claimId)).toMatchObject({ code: 0 })
  const revoked = (await answerOf('claims', 'list', '--state', 'revoked')).claims
  expect(revoked).toMatchObject([{ claimId: claim.claimId, state: 'revoked' }])

  const device = createDevice({ dir: at('press-1') })
  await expect(device.enroll({ claimUrl: claim.claimUrl, caFile: cloud.cloud.caFile })).rejects.toMatchObject({
    code: 'CLAIM_REVOKED',
  })
  const [, line = ''] = (await readFile(at('meters.csv'), 'utf8')).split('\r\n')
  const [thingName = '', claimId, , claimUrl = ''] = line.split(',')
  const meter = createDevice({ dir: join(folder, thingName) })
  await meter.enroll({ claimUrl, caFile: cloud.cloud.caFile })
  const spent = (await answerOf('claims', 'list', '--state', 'spent')).claims
  expect(spent).toMatchObject([{ claimId, thingName, certificateId: expect.any(String) }])
})

test('certificates issue: a factory’s devices connect with their folders as they are', async () => {
  await writeFile(at('devices.csv'), 'thing,attribute:site\npress-2,oslo\npress:3,bergen\n')
  const issue = [
    'certificates',
    'issue',
    '--from',
    at('devices.csv'),
    '--out',
    at('devices'),
    '--ca-file',
    cloud.cloud.caFile,
  ]
  expect(await thingdrop(...issue)).toMatchObject({ code: 0, stderr: expect.stringMatching(/^2 certificates issued/) })
  const vended = (await answerOf('certificates', 'list', '--state', 'vended')).certificates
  expect(vended).toContainEqual(expect.objectContaining({ thingName: 'press:3', origin: 'issue' }))

  const certificate = at('devices/press-2/device.pem')
  const issued = await readFile(certificate, 'utf8')
  await rm(certificate)
  expect(await thingdrop(...issue)).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 .* issued, 1 were/) })
  expect(await readFile(certificate, 'utf8')).toBe(issued)

  for (const thing of ['press-2', 'press:3']) {
    const device = createDevice({ dir: join(folder, 'devices', thing) })
    await (await device.connect(patience)).disconnect()
  }
  expect(await answerOf('things', 'show', 'press:3')).toMatchObject({ state: 'active', attributes: { site: 'bergen' } })
  await writeFile(at('more.csv'), 'thing\npress-2\npress-4\n')
  const refused = await thingdrop('certificates', 'issue', '--from', at('more.csv'), '--out', at('more'))
  expect(refused.stderr).toMatch(/^1 certificates issued.*\nPARTLY_DONE: .*\n {2}line 2, press-2: THING_HELD: /)
  expect(refused.code).toBe(1)
})

test('certificates: shown, listed by state and end, and revoked', async () => {
  await registerDevice(cloud, 'press-5')
  const id = await certificateIdOf('press-5')
  expect(await answerOf('certificates', 'show', id)).toMatchObject({ state: 'active', thingName: 'press-5' })
  const ending = (within: string) => answerOf('certificates', 'list', '--expires-within', within)
  expect((await ending('1d')).certificates).toEqual([])
  expect((await ending('800d')).certificates).toContainEqual(expect.objectContaining({ certificateId: id }))

  expect(await thingdrop('certificates', 'revoke', id)).toMatchObject({ code: 252 })
  const revoked = await answerOf('certificates', 'revoke', id, '--reason', 'copied', '--yes')
  expect(revoked).toMatchObject({ state: 'revoked', reason: 'copied' })
  expect((await answerOf('things', 'show', 'press-5')).state).toBe('revoked')
})

test('quarantine: a clone waits there, is rejected, and may be approved after all', async () => {
  const first = await enrollDevice(cloud, 'press-6')
  // A second claim from before the first device came.
  const { claimUrl } = await answerOf('claims', 'create', '--thing', 'press-6')
  const clone = createDevice({ dir: at('clone') })
  await clone.enroll({ claimUrl, caFile: cloud.cloud.caFile })
  await (await first.device.connect(patience)).disconnect()
  await clone.connect({ baseMs: 1, timeoutMs: 0 }).catch(() => {})

  const { certificateId } = await eventually('the clone is in quarantine', async () => {
    const { certificates } = await answerOf('certificates', 'list', '--state', 'quarantined')
    return certificates.find(({ thingName }: { thingName?: string }) => thingName === 'press-6')
  })
  const rejected = await answerOf('certificates', 'reject', certificateId, '--reason', 'a stranger')
  expect(rejected).toMatchObject({ state: 'rejected', reason: 'a stranger' })
  const held = await thingdrop('certificates', 'approve', certificateId)
  expect(held.stderr).toMatch(/^THING_HELD: /)
  await answerOf('certificates', 'approve', certificateId, '--replace')
  await eventually('the clone has the thing', async () => (await certificateIdOf('press-6')) === certificateId)
  await (await clone.connect(patience)).disconnect()
})

test('things: listed, revoked, claimed anew and deleted', async () => {
  await registerDevice(cloud, 'press-7')
  const id = await certificateIdOf('press-7')
  expect((await startThingdrop('things', 'list', '--all')).stdout).toMatch(/^press-7 +active/m)
  expect(await answerOf('things', 'revoke', 'press-7', '--yes')).toEqual({ thingName: 'press-7', revoked: [id] })
  expect((await answerOf('things', 'show', 'press-7')).state).toBe('revoked')
  await answerOf('claims', 'create', '--thing', 'press-7')
  await answerOf('things', 'delete', 'press-7', '--yes')
  const gone = await startThingdrop('things', 'show', 'press-7')
  expect(gone.stderr).toMatch(/^NOT_FOUND: .*\n {2}hint: .*thingdrop things list/)
  expect(gone.code).toBe(254)
})

test('explain: walks the way of a thing and of a certificate, and fails when something is broken', async () => {
  await registerDevice(cloud, 'press-9')
  const id = await certificateIdOf('press-9')
  const { stdout, code } = await startThingdrop('explain', 'press-9')
  expect(stdout).toMatch(new RegExp(`^thing press-9, certificate ${id}\n✔ holds +ca `))
  expect(stdout).toMatch(/^… waiting +upload /m)
  expect({ stdout, code }).toMatchObject({ code: 0 })

  await answerOf('certificates', 'revoke', id, '--yes')
  const broken = await thingdrop('explain', id, '--output', 'json')
  expect(broken.code).toBe(1)
  expect(JSON.parse(broken.stdout).steps).toContainEqual(
    expect.objectContaining({
      step: 'certificate',
      outcome: 'broken',
      mend: expect.stringContaining('thingdrop claims'),
    }),
  )
})

test('ca: registered, rotated, drained and retired', async () => {
  const authority = await createTestAuthority('Factory CA')
  await writeFile(at('ca.pem'), authority.pem)
  const code = (await thingdrop('ca', 'registration-code')).stdout.trim()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proof = await authority.sign(createCertificateRequest('any', privateKey), code)
  await writeFile(at('proof.pem'), proof)
  const foreign = await answerOf('ca', 'register', '--cert', at('ca.pem'), '--verification-cert', at('proof.pem'))
  expect(foreign).toMatchObject({ kind: 'foreign', state: 'active' })
  const sniOnly = await createTestAuthority('Other factory CA')
  await writeFile(at('other.pem'), sniOnly.pem)
  const wrong = await thingdrop('ca', 'register', '--cert', at('other.pem'), '--verification-cert', at('proof.pem'))
  expect(wrong.stderr).toMatch(/^CA_REFUSED: .*\n {2}hint: .*registration-code/)
  expect(await answerOf('ca', 'register', '--cert', at('other.pem'))).toMatchObject({ kind: 'foreign' })

  const { caCertificates: before } = await answerOf('ca', 'list')
  const old = before.find(({ state }: { state: string }) => state === 'signing').caCertificateId
  expect((await thingdrop('ca', 'drain')).stderr).toContain('there is nothing to drain')
  await registerDevice(cloud, 'press-8')
  const fresh = await answerOf('ca', 'rotate')
  expect(fresh).toMatchObject({ kind: 'fleet', state: 'signing' })
  expect(fresh.caCertificateId).not.toBe(old)

  const standing = await thingdrop('ca', 'drain', '--output', 'csv')
  expect(standing.stdout).toContain(`${old},${await certificateIdOf('press-8')},press-8\r\n`)
  expect(standing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^\d+ certificates stand on it\n/) })
  expect((await thingdrop('ca', 'retire', old, '--yes')).stderr).toMatch(/^CA_IN_USE: /)

  const { stdout } = await thingdrop('ca', 'drain', old, '--output', 'jsonl')
  for (const line of stdout.trim().split('\n')) {
    await answerOf('certificates', 'revoke', JSON.parse(line).certificateId, '--yes')
  }
  expect(await thingdrop('ca', 'drain')).toMatchObject({ code: 0, stderr: expect.stringContaining(`ca retire ${old}`) })
  expect(await answerOf('ca', 'retire', old, '--yes')).toMatchObject({ state: 'retired' })
  expect((await thingdrop('ca', 'list')).stdout).toMatch(new RegExp(`^fleet +retired .*${old}$`, 'm'))
})
