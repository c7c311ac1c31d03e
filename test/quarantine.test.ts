import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge'
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CertificateSummary } from '#contract/certificates-api.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, patience, registerDevice, type TestDevice, tryToConnect } from './test-device.ts'

let cloud: TestCloud
beforeAll(async () => {
  cloud = await startTestCloud()
})
afterAll(() => cloud?.close())

const idOf = (device: TestDevice) => device.certificateId()

async function quarantined(thingName: string): Promise<CertificateSummary> {
  return eventually(`a certificate for ${thingName} is quarantined`, async () => {
    const { certificates } = await cloud.operator.certificates.list({ state: 'quarantined', limit: 1000 })
    return certificates.find((certificate) => certificate.thingName === thingName)
  })
}

/** A device is let in a moment before the ledger has it: what is done last is written last. */
async function settled(device: TestDevice, state: CertificateSummary['state']): Promise<void> {
  await eventually(`a certificate is ${state}`, async () => {
    return (await cloud.operator.certificates.show(idOf(device))).state === state
  })
}

/** A second device that enrolled for the same thing before the first one connected: its certificate is good, its thing is held. */
async function cloneDevice(thingName: string): Promise<{ first: TestDevice; clone: TestDevice }> {
  const first = await enrollDevice(cloud, thingName)
  const clone = await enrollDevice(cloud, thingName, { folder: `${thingName}-clone` })
  await (await first.device.connect(patience)).disconnect()
  expect(await tryToConnect(clone)).toBe('REGISTRATION_PENDING')
  expect(await quarantined(thingName)).toMatchObject({ certificateId: idOf(clone), reason: 'THING_HELD' })
  return { first, clone }
}

test('an approved clone takes the thing over only when that is said', async () => {
  const { first, clone } = await cloneDevice('press-1')
  const { certificates } = cloud.operator
  await expect(certificates.approve(idOf(clone))).rejects.toMatchObject({ code: 'THING_HELD' })
  expect(await tryToConnect(first)).toBe('connected')

  expect(await certificates.approve(idOf(clone), { replace: true })).toMatchObject({ state: 'approved' })
  await (await clone.device.connect(patience)).disconnect()
  await settled(clone, 'active')
  expect((await certificates.show(idOf(clone))).reason).toBeUndefined()
  await settled(first, 'retired')
  expect(await tryToConnect(first)).not.toBe('connected')
  expect(await cloud.operator.things.show('press-1')).toMatchObject({ state: 'active', certificateId: idOf(clone) })
})

test('a rejected certificate stays out, and may be approved when that was a mistake', async () => {
  const { first, clone } = await cloneDevice('press-2')
  const { certificates } = cloud.operator
  expect(await certificates.reject(idOf(clone), { reason: 'stolen from the yard' })).toMatchObject({
    state: 'rejected',
    reason: 'stolen from the yard',
  })
  expect(await tryToConnect(clone)).not.toBe('connected')
  await expect(certificates.reject(idOf(first))).rejects.toMatchObject({ code: 'CERTIFICATE_STATE' })
  await expect(certificates.approve('f'.repeat(64))).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await certificates.approve(idOf(clone), { replace: true })
  await (await clone.device.connect(patience)).disconnect()
})

test('a quarantine is an event on the account’s bus', async () => {
  const events = new EventBridgeClient(cloud.client())
  const sqs = new SQSClient(cloud.client())
  const queueArn = `arn:aws:sqs:${cloud.cloud.region}:${cloud.cloud.accountId}:alerts`
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queueArn,
    },
  })
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'alerts', Attributes: { Policy } }))
  const EventPattern = JSON.stringify({ source: ['thingdrop'], 'detail-type': ['Certificate quarantined'] })
  await events.send(new PutRuleCommand({ Name: 'alerts', EventPattern }))
  await events.send(new PutTargetsCommand({ Rule: 'alerts', Targets: [{ Id: 'queue', Arn: queueArn }] }))
  const { clone } = await cloneDevice('press-3')
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }))
  expect(JSON.parse(Messages[0]?.Body ?? '{}').detail).toEqual({
    certificateId: idOf(clone),
    thingName: 'press-3',
    reason: 'THING_HELD',
  })
})

test('a claim that replaces lets a new device take a held thing over; without that there is none', async () => {
  const first = await registerDevice(cloud, 'press-4')
  await expect(cloud.operator.claims.create({ thingName: 'press-4' })).rejects.toMatchObject({ code: 'THING_HELD' })
  const next = await enrollDevice(cloud, 'press-4', { folder: 'press-4-next', replace: true })
  expect(await tryToConnect(first), 'until the new one comes the old one works').toBe('connected')
  await (await next.device.connect(patience)).disconnect()
  await settled(first, 'retired')
  expect(await tryToConnect(first)).not.toBe('connected')
  expect(await cloud.operator.certificates.show(idOf(first))).toMatchObject({
    state: 'retired',
    reason: `replaced by ${idOf(next)}`,
  })
})

test('claims are listed by state and taken back while nobody used them', async () => {
  const { claims } = cloud.operator
  const { claimId, claimUrl } = await claims.create({ thingName: 'press-5', attributes: { site: 'Turin' } })
  expect((await claims.list()).claims).toContainEqual(
    expect.objectContaining({ claimId, thingName: 'press-5', state: 'open', replace: false }),
  )
  expect(JSON.stringify(await claims.list())).not.toContain(claimUrl.split('_').at(-1))
  expect(await claims.revoke(claimId)).toMatchObject({ state: 'revoked' })
  expect(await claims.revoke(claimId), 'twice is once').toMatchObject({ state: 'revoked' })
  expect((await claims.list({ state: 'revoked' })).claims.map((claim) => claim.claimId)).toContain(claimId)
  const spender = await enrollDevice(cloud, 'press-6')
  await expect(spender.device.enroll({ claimUrl, caFile: cloud.cloud.caFile }, patience)).rejects.toMatchObject({
    code: 'CLAIM_REVOKED',
  })
  const spent = (await claims.list({ state: 'spent', limit: 1000 })).claims.find(
    ({ thingName }) => thingName === 'press-6',
  )
  expect(spent).toMatchObject({ certificateId: idOf(spender) })
  await expect(claims.revoke(spent?.claimId ?? '')).rejects.toMatchObject({ code: 'CLAIM_USED' })
})

test('a list of claims goes on from page to page, and each claim is there once', async () => {
  const names = Array.from({ length: 25 }, (_, index) => `meter-${index}`)
  await Promise.all(names.map((thingName) => cloud.operator.claims.create({ thingName, ttlSeconds: 3600 })))
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await cloud.operator.claims.list({ limit: 7, ...(cursor && { cursor }) })
    seen.push(...page.claims.map(({ thingName }) => thingName))
    cursor = page.cursor
  } while (cursor)
  expect(seen.filter((name) => name.startsWith('meter-')).toSorted()).toEqual(names.toSorted())
})
