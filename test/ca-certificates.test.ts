import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DescribeThingCommand, IoTClient, ListThingGroupsForThingCommand } from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { createDevice } from '#device/index.ts'
import { createTestAuthority, type KeyAndCertificate } from '#device/testing/certificates.ts'
import { synthesize } from '../start/synthesize.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { patience, registerDevice, type TestDevice, tryToConnect } from './test-device.ts'

const settings = {
  registration: {
    accept: 'registered-ca',
    thingNames: 'm-*',
    subject: { thingTypeName: 'OU', thingGroupName: 'O', attributes: { site: 'L' } },
    deny: { things: ['m-evil-*'] },
  },
  thingTypes: ['meter', 'camera'],
  thingGroups: ['north'],
  certificateValidityDays: 30,
}

let cloud: TestCloud
let iot: IoTClient
let settingsFolder: string
let pattern: Promise<TestDevice> | undefined
beforeAll(async () => {
  settingsFolder = await mkdtemp(join(tmpdir(), 'thingdrop-settings-'))
  const file = join(settingsFolder, 'settings.json')
  await writeFile(file, JSON.stringify(settings))
  cloud = await startTestCloud({ assembly: await synthesize(file) })
  iot = new IoTClient(cloud.client())
}, 120_000)
afterAll(async () => {
  await cloud?.close()
  await rm(settingsFolder, { recursive: true })
})

/** A device whose key and certificate came with it from its maker; its configuration is any other's. */
async function makeFactoryDevice(thingName: string, { key, cert }: KeyAndCertificate) {
  pattern ??= registerDevice(cloud, 'm-pattern')
  const { dir: patternDir, ...other } = await pattern
  const dir = join(cloud.stateDir, 'devices', `factory-${certificateIdOf(cert)}`)
  await mkdir(dir, { recursive: true })
  const configuration = JSON.parse(await readFile(join(patternDir, 'device.json'), 'utf8'))
  await writeFile(join(dir, 'device.json'), JSON.stringify({ ...configuration, thingName }))
  await writeFile(join(dir, 'device.key'), key, { mode: 0o600 })
  await writeFile(join(dir, 'device.pem'), cert)
  return { ...other, dir, device: createDevice({ dir }) }
}

async function reasonOf(certificateId: string): Promise<string | undefined> {
  return eventually('it is quarantined', async () => {
    const { certificates } = await cloud.operator.certificates.list({ state: 'quarantined' })
    return certificates.find((certificate) => certificate.certificateId === certificateId)?.reason
  })
}

const certificateIdOf = (pem: string) => new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()

test('certificates of a registered CA register as their subject says, and what the rules refuse is quarantined', async () => {
  const maker = await createTestAuthority('Maker CA')
  const { caCertificates, certificates } = cloud.operator
  const code = await caCertificates.registrationCode()
  const proofKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proof = await maker.sign(createCertificateRequest('proof', proofKeys.privateKey), code)
  const wrongProof = await maker.sign(createCertificateRequest('proof', proofKeys.privateKey), 'another code')
  await expect(
    caCertificates.register({ certificatePem: maker.pem, verificationCertificatePem: wrongProof }),
  ).rejects.toMatchObject({ code: 'CA_REFUSED' })
  const leaf = await maker.issueDevice('m-x')
  await expect(caCertificates.register({ certificatePem: leaf.cert })).rejects.toMatchObject({ code: 'CA_MALFORMED' })
  await expect(caCertificates.register({ certificatePem: 'hello' })).rejects.toMatchObject({ code: 'CA_MALFORMED' })
  const ca = await caCertificates.register({ certificatePem: maker.pem, verificationCertificatePem: proof })
  expect(ca).toMatchObject({ kind: 'foreign', state: 'active', subject: 'CN=Maker CA' })
  expect(await caCertificates.register({ certificatePem: maker.pem }), 'twice is once').toEqual(ca)
  expect((await caCertificates.list()).caCertificates).toHaveLength(2)

  const subject = [{ OU: ['camera'] }, { O: ['north'] }, { L: ['Turin'] }]
  const good = await makeFactoryDevice('m-1', await maker.issueDevice('m-1', {}, subject))
  await (await good.device.connect(patience)).disconnect()
  const thing = await iot.send(new DescribeThingCommand({ thingName: 'm-1' }))
  expect(thing).toMatchObject({ thingTypeName: 'camera', attributes: { site: 'Turin' } })
  const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName: 'm-1' }))
  expect(thingGroups.map(({ groupName }) => groupName)).toEqual(['north'])
  await good.device.upload(await good.file('a.csv', 'a'))

  const toaster = [{ OU: ['toaster'] }]
  const refused: [string, KeyAndCertificate, string][] = [
    ['m-evil-1', await maker.issueDevice('m-evil-1'), 'CERTIFICATE_DENIED'],
    ['x-1', await maker.issueDevice('x-1'), 'THING_NAME_REFUSED'],
    ['m-2', await maker.issueDevice('m-2', {}, toaster), 'THING_TYPE_UNKNOWN'],
    ['m 3', await maker.issueDevice('m 3'), 'THING_NAME_INVALID'],
    ['m-1', await maker.issueDevice('m-1', {}, subject), 'THING_HELD'],
  ]
  for (const [name, pair, reason] of refused) {
    const device = await makeFactoryDevice(name, pair)
    expect(await tryToConnect(device), name).toBe('REGISTRATION_PENDING')
    expect(await reasonOf(certificateIdOf(pair.cert)), name).toBe(reason)
  }
  const nameless = certificateIdOf(refused[3]?.[1].cert ?? '')
  await expect(certificates.approve(nameless)).rejects.toMatchObject({ code: 'REQUEST_INVALID' })
  await certificates.approve(nameless, { thingName: 'm-3' })
  await eventually('it registers', async () => (await certificates.show(nameless)).state === 'active')
  expect(await cloud.operator.things.show('m-3')).toMatchObject({ state: 'active', certificateId: nameless })

  // The maker's CA goes out of use once nothing stands on it.
  await expect(caCertificates.retire(ca.caCertificateId)).rejects.toMatchObject({ code: 'CA_IN_USE' })
  for (const thingName of ['m-1', 'm-3']) await cloud.operator.things.delete(thingName)
  expect(await caCertificates.retire(ca.caCertificateId)).toMatchObject({ state: 'retired' })
})

test('claims are refused for what could never register', async () => {
  const { claims } = cloud.operator
  for (const [request, code] of [
    [{ thingName: 'x-9' }, 'THING_NAME_REFUSED'],
    [{ thingName: 'm-evil-9' }, 'THING_NAME_REFUSED'],
    [{ thingName: 'm-9', thingTypeName: 'toaster' }, 'THING_TYPE_UNKNOWN'],
    [{ thingName: 'm-9', thingGroupName: 'south' }, 'THING_GROUP_UNKNOWN'],
  ] as const) {
    await expect(claims.create(request)).rejects.toMatchObject({ code })
  }
  const { claimUrl } = await claims.create({
    thingName: 'm-9',
    thingTypeName: 'camera',
    thingGroupName: 'north',
    attributes: { site: 'Nuremberg' },
  })
  const device = createDevice({ dir: join(cloud.stateDir, 'devices', 'm-9') })
  const configuration = await device.enroll({ claimUrl, caFile: cloud.cloud.caFile }, patience)
  expect(configuration.thingTypeName).toBe('camera')
  await (await device.connect(patience)).disconnect()
  const thing = await iot.send(new DescribeThingCommand({ thingName: 'm-9' }))
  expect(thing).toMatchObject({ thingTypeName: 'camera', attributes: { site: 'Nuremberg' } })
})

test('a rotation puts a new fleet CA beside the old, renewals move over, and the old one retires when none is left', async () => {
  const { caCertificates } = cloud.operator
  const early = await registerDevice(cloud, 'm-20')
  const old = (await caCertificates.list()).caCertificates.find(({ state }) => state === 'signing')
  const oldId = old?.caCertificateId ?? ''
  await expect(caCertificates.retire(oldId)).rejects.toMatchObject({ code: 'CA_IN_USE' })
  const next = await caCertificates.rotate()
  expect(next).toMatchObject({ kind: 'fleet', state: 'signing' })
  expect(next.caCertificateId).not.toBe(oldId)
  const states = Object.fromEntries(
    (await caCertificates.list()).caCertificates.map(({ caCertificateId, state }) => [caCertificateId, state]),
  )
  expect(states).toMatchObject({ [oldId]: 'active', [next.caCertificateId]: 'signing' })
  expect(await tryToConnect(early), 'the old CA’s certificates go on').toBe('connected')

  async function standing(): Promise<string[]> {
    const things: string[] = []
    for await (const page of caCertificates.drain(oldId)) {
      things.push(...page.standing.map(({ thingName }) => thingName ?? '?'))
    }
    return things
  }
  expect(await standing()).toContain('m-20')
  await early.device.renew({ force: true }, patience)
  expect(await standing()).not.toContain('m-20')
  expect(await tryToConnect(early)).toBe('connected')
  expect(await cloud.operator.certificates.show(early.certificateId())).toMatchObject({
    caCertificateId: next.caCertificateId,
  })
  await expect(caCertificates.retire(oldId)).rejects.toMatchObject({ code: 'CA_IN_USE' })
  for (const thingName of await standing()) await cloud.operator.things.revoke(thingName)
  expect(await caCertificates.retire(oldId)).toMatchObject({ state: 'retired' })
  expect(await tryToConnect(early)).toBe('connected')
})
