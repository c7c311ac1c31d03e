import { generateKeyPairSync } from 'node:crypto'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { IAMClient, ListRolePoliciesCommand, ListRolesCommand } from '@aws-sdk/client-iam'
import {
  DescribeCertificateCommand,
  DisableTopicRuleCommand,
  IoTClient,
  ListTopicRulesCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillPath, routes } from '#contract/api.ts'
import type { CreateCertificateResponse } from '#contract/certificates-api.ts'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { createDevice } from '#device/index.ts'
import { createCertificateLedger } from '../functions/stores/certificate-ledger.ts'
import { synthesize } from '../start/synthesize.ts'
import { callAsDevice } from './call-as-device.ts'
import { deriveAssembly } from './derive-assembly.ts'
import { eventually } from './eventually.ts'
import { invokeSweep } from './invoke-sweep.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, patience, registerDevice, type TestDevice, tryToConnect } from './test-device.ts'

let assembly: string
let cloud: TestCloud
let iot: IoTClient
beforeAll(async () => {
  // The sweep as it is deployed, but for its patience.
  assembly = await deriveAssembly(process.env.THINGDROP_ASSEMBLY ?? (await synthesize()), ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      const variables = (Properties.Environment as { Variables: Record<string, unknown> } | undefined)?.Variables
      if (Type !== 'AWS::Lambda::Function' || variables?.PENDING_SECONDS === undefined) continue
      Object.assign(variables, { PENDING_SECONDS: '0', DENIAL_SECONDS: '0', RENEWAL_SECONDS: '0' })
    }
  })
  cloud = await startTestCloud({ assembly })
  iot = new IoTClient(cloud.client())
})
afterAll(async () => {
  await cloud?.close()
  await rm(assembly, { recursive: true })
})

async function statusOf(certificateId: string) {
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }))
  return certificateDescription?.status
}

/** A renewal that got as far as its first connection: the device has two certificates, and confirmed none. */
async function renewHalfWay(device: TestDevice, thing: string): Promise<TestDevice> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const csr = createCertificateRequest(thing, privateKey)
  const path = fillPath(routes.renewCertificate.path, { thing })
  const { body } = await callAsDevice(cloud, await device.device.credentials(), path, { csr })
  const { certificateId, certificatePem, chainPem } = body as CreateCertificateResponse
  const dir = `${device.dir}-${certificateId}`
  await mkdir(dir)
  await copyFile(join(device.dir, 'device.json'), join(dir, 'device.json'))
  await writeFile(join(dir, 'device.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  await writeFile(join(dir, 'device.pem'), certificatePem + chainPem)
  const renewed = { ...device, dir, device: createDevice({ dir }), certificateId: () => certificateId }
  await (await renewed.device.connect(patience)).disconnect()
  return renewed
}

test('a renewal that nobody confirms is taken back, and the thing has one certificate again', async () => {
  const press = await registerDevice(cloud, 'press-1')
  const renewed = await renewHalfWay(press, 'press-1')
  expect([await statusOf(press.certificateId()), await statusOf(renewed.certificateId())]).toEqual(['ACTIVE', 'ACTIVE'])
  await invokeSweep(cloud)
  expect([await statusOf(press.certificateId()), await statusOf(renewed.certificateId())]).toEqual([
    'ACTIVE',
    'INACTIVE',
  ])
  expect(await cloud.operator.certificates.show(renewed.certificateId())).toMatchObject({ state: 'retired' })
  expect(await tryToConnect(press)).toBe('connected')
  expect(await press.device.renew({ force: true }, patience)).toMatchObject({ outcome: 'renewed' })
})

test('of two renewals at once the newest counts', async () => {
  const press = await registerDevice(cloud, 'press-2')
  const first = await renewHalfWay(press, 'press-2')
  const second = await renewHalfWay(press, 'press-2')
  const confirm = async (device: TestDevice) => {
    const path = fillPath(routes.confirmCertificate.path, { thing: 'press-2', certificateId: device.certificateId() })
    return callAsDevice(cloud, await device.device.credentials(), path, {})
  }
  expect(await confirm(first)).toMatchObject({ status: 409, body: { code: 'CERTIFICATE_SUPERSEDED' } })
  const { body } = await confirm(second)
  expect((body as { retired?: string[] }).retired?.toSorted()).toEqual(
    [press.certificateId(), first.certificateId()].toSorted(),
  )
})

test('denials of sessions that are over are taken away', async () => {
  const press = await registerDevice(cloud, 'press-3')
  await cloud.operator.things.revoke('press-3')
  const iam = new IAMClient(cloud.client())
  const { Roles = [] } = await iam.send(new ListRolesCommand({}))
  const countDenials = async () => {
    const lists = await Promise.all(Roles.map(({ RoleName }) => iam.send(new ListRolePoliciesCommand({ RoleName }))))
    return lists.flatMap(({ PolicyNames = [] }) => PolicyNames).filter((name) => name.startsWith('revoked-')).length
  }
  expect(await countDenials()).toBe(1)
  // Their age counts in whole seconds.
  await eventually('it is taken away', async () => {
    await invokeSweep(cloud)
    return (await countDenials()) === 0
  })
  expect(await tryToConnect(press)).not.toBe('connected')
})

test('an approval whose event was lost is worked on by the sweep', async () => {
  const press = await registerDevice(cloud, 'press-5')
  const table = new DynamoDBClient(cloud.client())
  // As an approval leaves it that died before its message.
  await iot.send(new UpdateCertificateCommand({ certificateId: press.certificateId(), newStatus: 'INACTIVE' }))
  const ledger = createCertificateLedger(DynamoDBDocumentClient.from(table), cloud.output('LedgerTable'))
  const entry = await ledger.get(press.certificateId())
  await ledger.move(entry, 'quarantined', { reason: 'THING_HELD' }, new Date())
  await ledger.move(entry, 'approved', {}, new Date())
  await invokeSweep(cloud)
  await eventually('it is active again', async () => (await statusOf(press.certificateId())) === 'ACTIVE')
  expect(await tryToConnect(press)).toBe('connected')
})

test('a certificate whose event was lost is registered by the sweep', async () => {
  const { rules = [] } = await iot.send(new ListTopicRulesCommand({}))
  for (const { ruleName } of rules) await iot.send(new DisableTopicRuleCommand({ ruleName }))
  const press = await enrollDevice(cloud, 'press-4')
  expect(await tryToConnect(press)).toBe('REGISTRATION_PENDING')
  expect(await statusOf(press.certificateId())).toBe('PENDING_ACTIVATION')
  await invokeSweep(cloud)
  await eventually('it is registered', async () => (await statusOf(press.certificateId())) === 'ACTIVE')
  expect(await tryToConnect(press)).toBe('connected')
})
