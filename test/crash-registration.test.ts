import { CreateThingGroupCommand, ListThingGroupsForThingCommand } from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { type Device, openStage, type Stage } from './crash-stage.ts'
import { createCrashingClients } from './crashing-clients.ts'
import { tryToConnect } from './test-device.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())
const cloud = () => stage.cloud

interface Pair {
  readonly thingName: string
  readonly first: Device
  readonly second: Device
}

/** Four calls to AWS IoT, of which AttachPolicy and UpdateCertificate have the lowest rates. */
const registration = ['CreateThing', 'AttachThingPrincipal', 'AttachPolicy', 'UpdateCertificate']
const retirement = ['UpdateCertificate', 'DetachPolicy', 'DetachThingPrincipal', 'UpdateItem']

crashAtEachCall('registration', {
  cloud,
  afterReads: true,
  calls: ['GetItem', 'GetItem', 'GetItem', 'UpdateItem', ...registration, 'UpdateItem'],
  prepare: async (thingName) => ({ thingName, device: await stage.introduce(thingName) }),
  run: (clients, { device }) => stage.register(device.certificateId(), clients),
  async check({ thingName, device }) {
    await stage.expectRegistered(device.certificateId(), thingName)
    expect(await tryToConnect(device)).toBe('connected')
  },
})

crashAtEachCall('quarantine of a certificate that the ledger does not know', {
  cloud,
  calls: [
    'GetItem',
    'GetItem',
    'DescribeCertificate',
    'GetItem',
    'UpdateCertificate',
    'PutEvents',
    'UpdateItem',
    'PutItem',
  ],
  async prepare(thingName) {
    const device = await stage.introduce(thingName)
    await stage.parts.ledger.remove(device.certificateId())
    return { thingName, device }
  },
  run: (clients, { device }) => stage.register(device.certificateId(), clients),
  async check({ thingName, device }) {
    const reason = 'CERTIFICATE_UNKNOWN'
    await stage.expectOut(device.certificateId(), { status: 'INACTIVE', state: 'quarantined', reason })
    expect(await stage.parts.things.find(thingName)).toMatchObject({ state: 'quarantined', reason })
    expect(await stage.isKnownThing(thingName)).toBe(false)
    expect(await tryToConnect(device)).not.toBe('connected')
  },
})

crashAtEachCall<Pair>('quarantine of a clone', {
  cloud,
  calls: ['GetItem', 'GetItem', 'GetItem', 'UpdateCertificate', 'PutEvents', 'UpdateItem', 'PutItem', 'UpdateItem'],
  async prepare(thingName) {
    const second = await stage.introduce(thingName, { folder: `${thingName}-clone` })
    return { thingName, second, first: await stage.settleIn(thingName) }
  },
  run: (clients, { second }) => stage.register(second.certificateId(), clients),
  async check({ thingName, first, second }) {
    const reason = 'THING_HELD'
    await stage.expectOut(second.certificateId(), { status: 'INACTIVE', state: 'quarantined', reason })
    await stage.expectRegistered(first.certificateId(), thingName)
    expect(await tryToConnect(second)).not.toBe('connected')
    expect(await tryToConnect(first)).toBe('connected')
  },
})

crashAtEachCall<Pair>('registration in place of another', {
  cloud,
  calls: ['GetItem', 'GetItem', 'GetItem', 'UpdateItem', ...registration, 'Query', ...retirement, 'UpdateItem'],
  async prepare(thingName) {
    const first = await stage.settleIn(thingName)
    return {
      thingName,
      first,
      second: await stage.introduce(thingName, { folder: `${thingName}-next`, replace: true }),
    }
  },
  run: (clients, { second }) => stage.register(second.certificateId(), clients),
  async check({ thingName, first, second }) {
    await stage.expectRegistered(second.certificateId(), thingName)
    const reason = `replaced by ${second.certificateId()}`
    await stage.expectOut(first.certificateId(), { status: 'INACTIVE', state: 'retired', reason })
    expect(await tryToConnect(second)).toBe('connected')
    expect(await tryToConnect(first)).not.toBe('connected')
  },
})

crashAtEachCall('registration of a renewal beside the holder', {
  cloud,
  calls: ['GetItem', 'GetItem', 'GetItem', ...registration, 'UpdateItem'],
  async prepare(thingName) {
    const device = await stage.settleIn(thingName)
    return { thingName, device, oldId: device.certificateId(), newId: await stage.beginRenewal(device) }
  },
  run: (clients, { newId }) => stage.register(newId, clients),
  async check({ thingName, device, oldId, newId }) {
    await stage.expectStanding(newId, { status: 'ACTIVE', state: 'active' })
    await stage.expectStanding(oldId, { status: 'ACTIVE', state: 'active' })
    // It goes on with the certificate that it has.
    expect(await device.device.renew({}, { baseMs: 1, timeoutMs: 0 })).toMatchObject({ outcome: 'renewed' })
    await stage.expectRegistered(newId, thingName)
    await stage.expectOut(oldId, { status: 'INACTIVE', state: 'retired', reason: `renewed as ${newId}` })
    expect(device.certificateId()).toBe(newId)
  },
})

test('a group is one more call', async () => {
  const thingGroupName = 'north'
  await stage.clients.iot.send(new CreateThingGroupCommand({ thingGroupName }))
  const device = await stage.introduce('grouped')
  const certificateId = device.certificateId()
  const { ledger } = stage.parts
  const entry = await ledger.get(certificateId)
  await ledger.remove(certificateId)
  await ledger.add({ ...entry, thingGroupName })
  const clients = createCrashingClients(stage.cloud)
  await stage.register(certificateId, clients, [thingGroupName])
  expect(clients.answered.filter((call) => !['GetItem', 'UpdateItem'].includes(call))).toEqual([
    'CreateThing',
    'AddThingToThingGroup',
    ...registration.slice(1),
  ])
  const { thingGroups } = await stage.clients.iot.send(new ListThingGroupsForThingCommand({ thingName: 'grouped' }))
  expect(thingGroups).toEqual([expect.objectContaining({ groupName: thingGroupName })])
})
