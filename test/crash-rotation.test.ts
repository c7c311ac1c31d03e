import 'reflect-metadata'
import { ListCACertificatesCommand } from '@aws-sdk/client-iot'
import { ListKeysCommand } from '@aws-sdk/client-kms'
import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CaManagement } from '#functions/manage-cas/ca-management.ts'
import { rotateFleetCa } from '#functions/manage-cas/rotate-fleet-ca.ts'
import { createCaKeys } from '#functions/x509/ca-keys.ts'
import { createCaCertificate } from '#functions/x509/create-ca-certificate.ts'
import { createKmsSigner, readPublicKey } from '#functions/x509/kms-signer.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { openStage, type Stage } from './crash-stage.ts'
import type { Clients } from './crashing-clients.ts'

let stage: Stage
/** Each rotation is an hour after the one before. */
let hours = 0
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())

const keyTag = { name: 'thingdrop:fleet-ca', value: 'Thingdrop' }

function buildManagement(clients: Clients): CaManagement {
  const { kms } = clients
  const { cas, ledger, caRegistry } = stage.build(clients)
  return {
    store: cas,
    ledger,
    registry: caRegistry,
    keys: createCaKeys(kms, keyTag),
    createCertificate: async (keyId) =>
      createCaCertificate(
        { commonName: `fleet CA ${keyId}`, validityDays: 7300, publicKey: await readPublicKey(kms, keyId) },
        createKmsSigner(kms, keyId),
        new Date(),
      ),
    clock: () => new Date(Date.now() + hours * 3_600_000),
  }
}

async function countAll() {
  const { Keys = [] } = await stage.clients.kms.send(new ListKeysCommand({}))
  const { certificates = [] } = await stage.clients.iot.send(new ListCACertificatesCommand({ pageSize: 250 }))
  return { keys: Keys.length, cas: certificates.length }
}

crashAtEachCall('rotation of the fleet CA', {
  cloud: () => stage.cloud,
  calls: [
    ...['GetItem', 'GetItem', 'PutItem', 'CreateKey', 'UpdateItem'],
    ...['GetItem', 'GetPublicKey', 'Sign', 'PutItem', 'RegisterCACertificate', 'UpdateItem', 'UpdateItem'],
  ],
  async prepare() {
    hours++
    return { before: await countAll(), signing: await stage.parts.cas.getSigning() }
  },
  run: (clients) => rotateFleetCa(buildManagement(clients)),
  async check({ before, signing }) {
    expect(await countAll()).toEqual({ keys: before.keys + 1, cas: before.cas + 1 })
    const next = await stage.parts.cas.getSigning()
    expect(next.caCertificateId).not.toBe(signing.caCertificateId)
    expect(await stage.parts.cas.list()).toHaveLength(before.cas + 1)
    // Asked for again it is the same, and what it signs registers.
    expect(await rotateFleetCa(buildManagement(stage.clients))).toMatchObject({
      caCertificateId: next.caCertificateId,
      state: 'signing',
    })
    const device = await stage.settleIn(`rotated-${hours}`)
    expect(await stage.parts.ledger.get(device.certificateId())).toMatchObject({
      caCertificateId: next.caCertificateId,
    })
  },
})

test('the function, too, goes on with the key of a run that died', async () => {
  const { cas } = stage.parts
  const { rotatedAt: _, ...signing } = await cas.getSigning()
  const keyId = await createCaKeys(stage.clients.kms, keyTag).create(signing.caCertificateId)
  // As that run left it: the rotation is noted, its key is not, and no other was a moment ago.
  const TableName = stage.cloud.output('LedgerTable')
  const items = [{ pk: `ca-rotation#${signing.caCertificateId}` }, { ...signing, pk: 'signing-ca' }]
  for (const Item of items) await stage.clients.tables.send(new PutCommand({ TableName, Item }))
  await stage.cloud.operator.caCertificates.rotate()
  expect(await cas.getSigning()).toMatchObject({ keyId })
})
