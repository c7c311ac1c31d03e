import 'reflect-metadata'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { deviceFiles } from '#device/device-folder.ts'
import { prepareKey } from '#device/prepare-key.ts'
import { confirmCertificate } from '#functions/manage-certificates/confirm-certificate.ts'
import { settleRenewals } from '#functions/sweep-certificates/settle-renewals.ts'
import { renewCertificate } from '#functions/vend-certificate/renew-certificate.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { type Device, openStage, type Stage } from './crash-stage.ts'
import type { Clients } from './crashing-clients.ts'
import { tryToConnect } from './test-device.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())
const cloud = () => stage.cloud

interface Renewal {
  readonly thingName: string
  readonly device: Device
  readonly oldId: string
}

/** A device that made the key for its renewal, and what it asks for with it. */
async function prepareRenewal(thingName: string): Promise<Renewal & { readonly csr: string }> {
  const device = await stage.settleIn(thingName)
  const csr = createCertificateRequest(thingName, prepareKey(deviceFiles(device.dir).renewal.key))
  return { thingName, device, csr, oldId: device.certificateId() }
}

/** A device whose new certificate is registered beside the old one. */
async function prepareConfirmation(thingName: string): Promise<Renewal & { readonly newId: string }> {
  const device = await stage.settleIn(thingName)
  const oldId = device.certificateId()
  const newId = await stage.beginRenewal(device)
  expect(await stage.register(newId)).toMatchObject({ outcome: 'registered' })
  return { thingName, device, oldId, newId }
}

const renewal = {
  cloud,
  calls: ['GetItem', 'GetItem', 'GetItem', 'GetItem', 'Sign', 'PutItem', 'PutItem', 'PutItem', 'UpdateItem'],
  prepare: prepareRenewal,
  run: (clients: Clients, { thingName, oldId, csr }: Renewal & { readonly csr: string }) =>
    renewCertificate(stage.build(clients), { thingName, certificateId: oldId }, csr),
}

const retirement = ['UpdateCertificate', 'DetachPolicy', 'DetachThingPrincipal', 'UpdateItem', 'DeleteItem']
const confirmation = {
  cloud,
  calls: ['GetItem', 'GetItem', 'UpdateItem', 'Query', ...retirement, 'DeleteItem'],
  prepare: prepareConfirmation,
  run: (clients: Clients, { thingName, newId }: { readonly thingName: string; readonly newId: string }) =>
    confirmCertificate(stage.build(clients), { thingName, certificateId: newId }),
}

async function expectRenewed({ thingName, device, oldId }: Renewal, newId: string): Promise<void> {
  expect(await device.device.renew({}, { baseMs: 1, timeoutMs: 0 })).toMatchObject({ outcome: 'renewed' })
  expect(device.certificateId()).toBe(newId)
  await stage.expectRegistered(newId, thingName)
  await stage.expectOut(oldId, { status: 'INACTIVE', state: 'retired', reason: `renewed as ${newId}` })
  expect(await stage.parts.renewals.listBefore('9', 1000)).toEqual([])
}

crashAtEachCall('renewal', {
  ...renewal,
  async check(subject) {
    // The same key gets the certificate that the run that was killed made of it.
    const newId = await stage.beginRenewal(subject.device)
    expect((await renewal.run(stage.clients, subject)).certificateId).toBe(newId)
    await stage.register(newId)
    await expectRenewed(subject, newId)
  },
})

crashAtEachCall('confirmation', {
  ...confirmation,
  check: (subject) => expectRenewed(subject, subject.newId),
})

const days = (count: number) => new Date(Date.now() + count * 86_400_000)
const sweep = (clients: Clients) =>
  settleRenewals(
    stage.build(clients, () => days(8)),
    days(1),
  )

/** After a sweep: one certificate, and the device connects, whether it heard of its renewal or not. */
async function expectOne({ thingName, device, oldId }: Renewal): Promise<void> {
  const holder = (await stage.parts.things.find(thingName))?.certificateId ?? ''
  await stage.expectRegistered(holder, thingName)
  for (const { certificateId } of await stage.parts.ledger.listOfThing(thingName)) {
    if (certificateId === holder) continue
    const reason = certificateId === oldId ? `renewed as ${holder}` : 'its renewal was never confirmed'
    const entry = await stage.parts.ledger.find(certificateId)
    expect(entry).toMatchObject({ state: 'retired', reason })
  }
  expect(await stage.parts.renewals.listBefore('9', 1000)).toEqual([])
  await device.device.renew({}, { baseMs: 1, timeoutMs: 0 }).catch(() => {})
  expect(await tryToConnect(device)).toBe('connected')
}

crashAtEachCall('renewal that is given up', { ...renewal, runAgain: sweep, check: expectOne })
crashAtEachCall('confirmation that is given up', { ...confirmation, runAgain: sweep, check: expectOne })

test('a renewal that was swept is not confirmed any more, and its device renews with another key', async () => {
  const { thingName, device, oldId, newId } = await prepareConfirmation('late')
  await sweep(stage.clients)
  const confirming = confirmCertificate(stage.parts, { thingName, certificateId: newId })
  await expect(confirming).rejects.toMatchObject({ code: 'CERTIFICATE_SUPERSEDED' })
  await stage.expectRegistered(oldId, thingName)
  const renewing = device.device.renew({ force: true }, { baseMs: 1, timeoutMs: 0 })
  await expect(renewing).rejects.toMatchObject({ code: 'CERTIFICATE_SUPERSEDED' })
  const nextId = await stage.beginRenewal(device)
  expect(nextId).not.toBe(newId)
  await stage.register(nextId)
  await device.device.renew({}, { baseMs: 1, timeoutMs: 0 })
  await stage.expectRegistered(nextId, thingName)
})
