import { hash } from 'node:crypto'
import { IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam'
import {
  DescribeCertificateCommand,
  DescribeRoleAliasCommand,
  DescribeThingCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillPath, routes } from '#contract/api.ts'
import { createDeviceSessions } from '../functions/registry/device-sessions.ts'
import { callAsDevice, type DeviceCredentials } from './call-as-device.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { patience, registerDevice, tryToConnect } from './test-device.ts'

let cloud: TestCloud
let iot: IoTClient
beforeAll(async () => {
  cloud = await startTestCloud()
  iot = new IoTClient(cloud.client())
})
afterAll(() => cloud?.close())

async function statusOf(certificateId: string) {
  const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }))
  return certificateDescription?.status
}

async function principalsOf(thingName: string): Promise<string[]> {
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName }))
  return principals.map((arn) => arn.split('/').at(-1) ?? '')
}

/** Puts a file as the device may, with credentials that were given before. */
async function put(credentials: DeviceCredentials, thingName: string): Promise<string> {
  const s3 = new S3Client({ ...cloud.client(credentials), forcePathStyle: true })
  const Key = `things/${thingName}/2026-01-01/${Math.random().toString(16).slice(2, 18).padEnd(16, '0')}-x`
  const command = new PutObjectCommand({ Bucket: cloud.output('BucketName'), Key, Body: 'x', IfNoneMatch: '*' })
  return s3.send(command).then(
    () => 'stored',
    (error: Error) => error.name,
  )
}

test('a renewal gives the device a new key and certificate, and ends with the old one retired', async () => {
  const press = await registerDevice(cloud, 'press-1')
  const before = press.certificateId()
  const old = await press.device.credentials()
  expect(await press.device.renew()).toMatchObject({ outcome: 'notDue' })
  expect(await press.device.renew({ force: true }, patience)).toMatchObject({ outcome: 'renewed' })
  const after = press.certificateId()
  expect(after).not.toBe(before)
  expect(await tryToConnect(press)).toBe('connected')
  await press.device.upload(await press.file('a.csv', 'a'))

  expect([await statusOf(before), await statusOf(after)]).toEqual(['INACTIVE', 'ACTIVE'])
  expect(await principalsOf('press-1')).toEqual([after])
  expect(await cloud.operator.certificates.show(before)).toMatchObject({
    state: 'retired',
    reason: `renewed as ${after}`,
  })
  await eventually('the ledger has what AWS IoT has', async () => {
    const { state, origin } = await cloud.operator.certificates.show(after)
    return state === 'active' && origin === 'renewal'
  })
  expect(await cloud.operator.things.show('press-1')).toMatchObject({ certificateId: after })

  // The old certificate's credentials live on, but the thing is not theirs any more.
  const csr = { csr: 'x' }
  const path = fillPath(routes.renewCertificate.path, { thing: 'press-1' })
  expect(await callAsDevice(cloud, old, path, csr)).toMatchObject({ status: 400, body: { code: 'CSR_MALFORMED' } })
  const confirm = fillPath(routes.confirmCertificate.path, { thing: 'press-1', certificateId: after })
  expect(await callAsDevice(cloud, old, confirm, {})).toMatchObject({ status: 403, body: { code: 'CALLER_MISMATCH' } })
  const again = await callAsDevice(cloud, await press.device.credentials(), confirm, {})
  expect(again, 'confirmed twice').toMatchObject({ status: 200, body: { certificateId: after, retired: [] } })
})

test('a device can renew for no other thing', async () => {
  const press = await registerDevice(cloud, 'press-2')
  await registerDevice(cloud, 'press-3')
  const credentials = await press.device.credentials()
  for (const path of [
    fillPath(routes.renewCertificate.path, { thing: 'press-3' }),
    fillPath(routes.revokeThing.path, { thing: 'press-2' }),
    routes.createClaim.path,
  ]) {
    expect(await callAsDevice(cloud, credentials, path, {}), path).toMatchObject({
      status: 403,
      body: { message: 'Forbidden' },
    })
  }
})

test('a revoked thing is out at once: its connection, its credentials at S3 and at the API, its claims', async () => {
  const press = await registerDevice(cloud, 'press-4')
  const other = await registerDevice(cloud, 'press-5')
  const credentials = await press.device.credentials()
  expect(await put(credentials, 'press-4')).toBe('stored')
  const connection = await press.device.connect(patience)
  const { claimUrl } = await cloud.operator.claims.create({ thingName: 'press-4', replace: true })

  const certificateId = press.certificateId()
  expect(await cloud.operator.things.revoke('press-4', { reason: 'stolen' })).toEqual({
    thingName: 'press-4',
    revoked: [certificateId],
  })
  expect(await connection.closed, 'the session was closed from the other side').toBeDefined()
  expect(await statusOf(certificateId)).toBe('REVOKED')
  expect(await principalsOf('press-4')).toEqual([])
  const target = `arn:aws:iot:${cloud.cloud.region}:${cloud.cloud.accountId}:cert/${certificateId}`
  expect((await iot.send(new ListAttachedPoliciesCommand({ target }))).policies).toEqual([])
  expect(await put(credentials, 'press-4')).toBe('AccessDenied')
  const renewal = fillPath(routes.renewCertificate.path, { thing: 'press-4' })
  expect(await callAsDevice(cloud, credentials, renewal, { csr: 'x' })).toMatchObject({
    status: 403,
    body: { message: 'Forbidden' },
  })
  expect(await tryToConnect(press)).not.toBe('connected')
  expect(await cloud.operator.things.show('press-4')).toMatchObject({ state: 'revoked', reason: 'stolen' })
  expect(await put(await other.device.credentials(), 'press-5'), 'no other device is touched').toBe('stored')

  await expect(press.device.enroll({ claimUrl, caFile: cloud.cloud.caFile }, patience)).rejects.toMatchObject({
    code: 'CLAIM_REVOKED',
  })
  const next = await registerDevice(cloud, 'press-4', { folder: 'press-4-next' })
  expect(await put(await next.device.credentials(), 'press-4')).toBe('stored')
})

test('revocations beyond what a role’s policies hold end every older session, and devices go on with new ones', async () => {
  const other = await registerDevice(cloud, 'press-6')
  const old = await other.device.credentials()
  const { roleAliasDescription } = await iot.send(
    new DescribeRoleAliasCommand({ roleAlias: cloud.output('RoleAlias') }),
  )
  const RoleName = roleAliasDescription?.roleArn?.split('/').at(-1) ?? ''
  const iam = new IAMClient(cloud.client())
  const sessions = createDeviceSessions(iam, RoleName)
  const countDenials = async () => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }))
    return PolicyNames.filter((name) => name.startsWith('revoked-')).length
  }
  for (let index = await countDenials(); index < 30; index++) {
    await sessions.end(hash('sha256', `meter-${index}`), new Date())
  }
  expect(await put(old, 'press-6'), 'thirty others').toBe('stored')
  await registerDevice(cloud, 'press-8')
  await cloud.operator.things.revoke('press-8')
  expect(await countDenials()).toBe(1)
  await eventually('the older session is over', async () => (await put(old, 'press-6')) === 'AccessDenied')
  // Time of issue counts in whole seconds.
  await eventually('a new session works', async () => {
    other.device.close()
    return (await put(await other.device.credentials(), 'press-6')) === 'stored'
  })
})

test('a deleted thing leaves nothing behind but its files, and its old certificate stays out', async () => {
  const press = await registerDevice(cloud, 'press-7')
  await press.device.upload(await press.file('a.csv', 'a'))
  await cloud.operator.things.delete('press-7')
  await expect(iot.send(new DescribeThingCommand({ thingName: 'press-7' }))).rejects.toThrow('cannot be found')
  await expect(cloud.operator.things.show('press-7')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(cloud.operator.things.delete('press-7')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await tryToConnect(press)).not.toBe('connected')
  await eventually('the log still has the file', async () => {
    const { uploads } = await cloud.operator.uploads.list({ thing: 'press-7' })
    return uploads.length === 1
  })
  const next = await registerDevice(cloud, 'press-7', { folder: 'press-7-next' })
  expect(await tryToConnect(next)).toBe('connected')
})
