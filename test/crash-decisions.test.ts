import 'reflect-metadata'
import { ListRolePoliciesCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect } from 'vitest'
import { approveCertificate, rejectCertificate } from '#functions/manage-certificates/decide-quarantine.ts'
import { deleteThing, revokeThing } from '#functions/manage-certificates/revoke-thing.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { type Device, openStage, type Stage } from './crash-stage.ts'
import type { Clients } from './crashing-clients.ts'
import { eventually } from './eventually.ts'
import { patience, tryToConnect } from './test-device.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())
const cloud = () => stage.cloud

interface Pair {
  readonly thingName: string
  readonly first: Device
  readonly clone: Device
}

async function prepareClone(thingName: string): Promise<Pair> {
  const clone = await stage.introduce(thingName, { folder: `${thingName}-clone` })
  const first = await stage.settleIn(thingName)
  expect(await stage.register(clone.certificateId())).toMatchObject({ outcome: 'quarantined' })
  return { thingName, first, clone }
}

crashAtEachCall<Pair>('approval', {
  cloud,
  calls: ['GetItem', 'GetItem', 'UpdateItem', 'SendMessage'],
  prepare: prepareClone,
  async run(clients, { clone }) {
    const parts = stage.build(clients)
    const certificate = await parts.ledger.get(clone.certificateId())
    await approveCertificate(parts, certificate, { replace: true })
  },
  async check({ thingName, first, clone }) {
    // The message goes the way of AWS IoT's own events, to the stack's function.
    await (await clone.device.connect(patience)).disconnect()
    await eventually('the ledger has it', async () => {
      const [entry, other] = await Promise.all(
        [clone, first].map((one) => stage.parts.ledger.find(one.certificateId())),
      )
      return entry?.state === 'active' && other?.state === 'retired'
    })
    await stage.expectRegistered(clone.certificateId(), thingName)
    const reason = `replaced by ${clone.certificateId()}`
    await stage.expectOut(first.certificateId(), { status: 'INACTIVE', state: 'retired', reason })
  },
})

crashAtEachCall<Pair>('rejection', {
  cloud,
  calls: ['GetItem', 'UpdateCertificate', 'DetachPolicy', 'DetachThingPrincipal', 'UpdateItem'],
  prepare: prepareClone,
  async run(clients, { clone }) {
    const parts = stage.build(clients)
    await rejectCertificate(parts, await parts.ledger.get(clone.certificateId()), 'stolen')
  },
  async check({ thingName, first, clone }) {
    await stage.expectOut(clone.certificateId(), { status: 'INACTIVE', state: 'rejected', reason: 'stolen' })
    await stage.expectRegistered(first.certificateId(), thingName)
    expect(await tryToConnect(clone)).not.toBe('connected')
  },
})

interface Held {
  readonly thingName: string
  readonly device: Device
  readonly claimId: string
}

/** A thing with a certificate that holds it, and a claim that is still open. */
async function prepareHeld(thingName: string): Promise<Held> {
  // Above thirty denials there would be one for all in place of them.
  await stage.parts.sessions.lapse(new Date(Date.now() + 1000))
  const device = await stage.settleIn(thingName)
  const { claimId } = await stage.cloud.operator.claims.create({ thingName, replace: true })
  return { thingName, device, claimId }
}

async function expectRevoked({ device, claimId }: Held): Promise<void> {
  const certificateId = device.certificateId()
  await stage.expectOut(certificateId, { status: 'REVOKED', state: 'revoked', reason: 'stolen' })
  expect(await stage.parts.claims.find(claimId)).toMatchObject({ revokedAt: expect.any(String) })
  const { PolicyNames } = await stage.clients.iam.send(new ListRolePoliciesCommand({ RoleName: stage.parts.roleName }))
  expect(PolicyNames?.filter((name) => name.startsWith('revoked'))).toEqual([expect.stringContaining(certificateId)])
  expect(await tryToConnect(device)).not.toBe('connected')
}

const claims = ['GetItem', 'Query', 'UpdateItem']
const certificates = ['Query', 'GetItem']
const revocation = ['UpdateCertificate', 'ListRolePolicies', 'PutRolePolicy', 'UpdateItem', 'DeleteItem']
const retirement = ['UpdateCertificate', 'DetachPolicy', 'DetachThingPrincipal', 'UpdateItem']

crashAtEachCall<Held>('revocation of a thing', {
  cloud,
  calls: [...claims, ...certificates, ...revocation, ...retirement],
  prepare: prepareHeld,
  run: (clients, { thingName }) => revokeThing(stage.build(clients), thingName, 'stolen'),
  async check(subject) {
    await expectRevoked(subject)
    const thing = await stage.parts.things.find(subject.thingName)
    expect(thing).toMatchObject({ state: 'revoked', reason: 'stolen' })
    expect(thing?.certificateId).toBeUndefined()
  },
})

const deletion = (clients: Clients, { thingName }: Held) => deleteThing(stage.build(clients), thingName, 'stolen')

crashAtEachCall<Held>('deletion of a thing', {
  cloud,
  calls: [...claims, ...certificates, ...revocation, ...retirement, 'DeleteThing', 'DeleteItem'],
  prepare: prepareHeld,
  run: deletion,
  // What is gone already is not there.
  runAgain: (clients, subject) =>
    deletion(clients, subject).catch((error) => expect(error).toMatchObject({ code: 'NOT_FOUND' })),
  async check(subject) {
    await expectRevoked(subject)
    expect(await stage.isKnownThing(subject.thingName)).toBe(false)
    expect(await stage.parts.things.find(subject.thingName)).toBeUndefined()
  },
})
