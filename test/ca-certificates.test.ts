import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { createTestAuthority } from '#device/testing/certificates.ts'
import { eventually } from './eventually.ts'
import { makeFactoryDevice } from './factory-device.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, patience, registerDevice, tryToConnect } from './test-device.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud?.close())

test('a CA that someone else holds is registered with proof or for SNI, and its unknown certificates wait for approval', async () => {
  const maker = await createTestAuthority('Maker CA')
  const { caCertificates, certificates } = cloud.operator
  const code = await caCertificates.registrationCode()
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const proof = await maker.sign(createCertificateRequest('proof', privateKey), code)
  const wrongProof = await maker.sign(createCertificateRequest('proof', privateKey), 'another code')
  const certificatePem = maker.pem
  await expect(
    caCertificates.register({ certificatePem, verificationCertificatePem: wrongProof }),
  ).rejects.toMatchObject({ code: 'CA_REFUSED' })
  const leaf = await maker.issueDevice('m-1')
  await expect(caCertificates.register({ certificatePem: leaf.cert })).rejects.toMatchObject({ code: 'CA_MALFORMED' })
  await expect(caCertificates.register({ certificatePem: 'hello' })).rejects.toMatchObject({ code: 'CA_MALFORMED' })
  const ca = await caCertificates.register({ certificatePem, verificationCertificatePem: proof })
  expect(ca).toMatchObject({ kind: 'foreign', state: 'active', subject: 'CN=Maker CA' })
  expect(await caCertificates.register({ certificatePem }), 'twice is once').toEqual(ca)
  const sniOnly = await createTestAuthority('Other CA')
  await caCertificates.register({ certificatePem: sniOnly.pem })
  expect((await caCertificates.list()).caCertificates).toHaveLength(3)

  const pattern = await registerDevice(cloud, 'm-0')
  const device = await makeFactoryDevice(cloud, 'm-1', leaf, pattern)
  expect(await tryToConnect(device)).toBe('REGISTRATION_PENDING')
  const entry = await eventually('it is quarantined', async () => {
    const { certificates: found } = await certificates.list({ state: 'quarantined' })
    return found.find(({ certificateId }) => certificateId === device.certificateId())
  })
  expect(entry).toMatchObject({ thingName: 'm-1', reason: 'CERTIFICATE_UNKNOWN', origin: 'device' })
  await certificates.approve(device.certificateId())
  await (await device.device.connect(patience)).disconnect()
  await device.device.upload(await device.file('a.csv', 'a'))

  await expect(caCertificates.retire(ca.caCertificateId)).rejects.toMatchObject({ code: 'CA_IN_USE' })
  await cloud.operator.things.delete('m-1')
  expect(await caCertificates.retire(ca.caCertificateId)).toMatchObject({ state: 'retired' })
  await expect(caCertificates.retire('f'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a rotation puts a new fleet CA beside the old, renewals move over, and the old one retires when none is left', async () => {
  const { caCertificates } = cloud.operator
  const early = await registerDevice(cloud, 'm-20')
  await enrollDevice(cloud, 'm-21')
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
  expect(await standing()).toEqual(expect.arrayContaining(['m-20', 'm-21']))
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
