import 'reflect-metadata'
import { ListRolePoliciesCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { revokeThing } from '#functions/manage-certificates/revoke-thing.ts'
import { forgetEnded } from '#functions/sweep-certificates/forget-ended.ts'
import { requeuePending } from '#functions/sweep-certificates/requeue-pending.ts'
import { settleRenewals } from '#functions/sweep-certificates/settle-renewals.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { openStage, type Stage } from './crash-stage.ts'
import type { Clients } from './crashing-clients.ts'
import { eventually } from './eventually.ts'
import { patience, tryToConnect } from './test-device.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())
const cloud = () => stage.cloud

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000)
/** A list is read from its eight shards at once. */
const listing = Array.from({ length: 8 }, () => 'Query')
const retirement = ['UpdateCertificate', 'DetachPolicy', 'DetachThingPrincipal', 'UpdateItem']

crashAtEachCall('sweep of what stayed pending', {
  cloud,
  together: 2 * listing.length,
  calls: [...listing, ...listing, 'ListCertificatesByCA', 'SendMessage'],
  prepare: async (thingName) => ({ thingName, device: await stage.introduce(thingName) }),
  run: (clients) => requeuePending(stage.build(clients), inDays(1)),
  async check({ thingName, device }) {
    await (await device.device.connect(patience)).disconnect()
    await eventually('the ledger has it', async () => {
      return (await stage.parts.ledger.find(device.certificateId()))?.state === 'active'
    })
    await stage.expectRegistered(device.certificateId(), thingName)
  },
})

const sweepRenewals = (clients: Clients, at: Date) =>
  settleRenewals(
    stage.build(clients, () => at),
    inDays(1),
  )

async function prepareRenewal(thingName: string) {
  const device = await stage.settleIn(thingName)
  const oldId = device.certificateId()
  const newId = await stage.beginRenewal(device)
  await stage.register(newId)
  return { thingName, device, oldId, newId }
}

crashAtEachCall('sweep of a renewal that nobody confirmed', {
  cloud,
  together: listing.length,
  calls: [...listing, 'GetItem', 'GetItem', 'GetItem', 'UpdateItem', ...retirement, 'DeleteItem'],
  prepare: prepareRenewal,
  run: (clients) => sweepRenewals(clients, inDays(8)),
  async check({ thingName, device, oldId, newId }) {
    const reason = 'its renewal was never confirmed'
    await stage.expectOut(newId, { status: 'INACTIVE', state: 'retired', reason })
    await stage.expectRegistered(oldId, thingName)
    expect(await stage.parts.renewals.listBefore('9', 1000)).toEqual([])
    expect(await tryToConnect(device)).toBe('connected')
  },
})

crashAtEachCall('sweep of a renewal whose predecessor ended', {
  cloud,
  together: listing.length,
  calls: [...listing, 'GetItem', 'GetItem', 'GetItem', 'UpdateItem', 'GetItem', ...retirement, 'DeleteItem'],
  prepare: prepareRenewal,
  run: (clients) => sweepRenewals(clients, inDays(366)),
  async check({ thingName, oldId, newId }) {
    await stage.expectRegistered(newId, thingName)
    await stage.expectOut(oldId, { status: 'INACTIVE', state: 'retired', reason: `renewed as ${newId}` })
    expect(await stage.parts.renewals.listBefore('9', 1000)).toEqual([])
  },
})

async function listDenials(): Promise<string[]> {
  const { PolicyNames = [] } = await stage.clients.iam.send(
    new ListRolePoliciesCommand({ RoleName: stage.parts.roleName }),
  )
  return PolicyNames.filter((name) => name.startsWith('revoked'))
}

crashAtEachCall('sweep of denials', {
  cloud,
  calls: ['ListRolePolicies', 'DeleteRolePolicy', 'DeleteRolePolicy'],
  async prepare(thingName) {
    for (const name of ['a', 'b']) await stage.parts.sessions.end(thingName + name, new Date())
    expect(await listDenials()).toHaveLength(2)
  },
  run: (clients) => stage.build(clients).sessions.lapse(inDays(1)),
  check: async () => expect(await listDenials()).toEqual([]),
})

const forget = (clients: Clients) => forgetEnded(stage.build(clients, () => inDays(400)))

crashAtEachCall('sweep of what ended long ago', {
  cloud,
  together: 3 * listing.length,
  calls: [...listing, ...listing, ...listing, 'DeleteCertificate', 'DeleteItem'],
  async prepare(thingName) {
    await forget(stage.clients)
    const device = await stage.settleIn(thingName)
    await revokeThing(stage.parts, thingName, 'stolen')
    return { thingName, certificateId: device.certificateId() }
  },
  run: forget,
  check: ({ certificateId }) => stage.expectOut(certificateId, { status: undefined, state: undefined }),
})

test('of a renewal that was given up nothing is left in the end', async () => {
  const { thingName, oldId, newId } = await prepareRenewal('given-up')
  await sweepRenewals(stage.clients, inDays(8))
  await stage.expectRegistered(oldId, thingName)
  await forget(stage.clients)
  await stage.expectOut(newId, { status: undefined, state: undefined })
  await stage.expectRegistered(oldId, thingName)
})
