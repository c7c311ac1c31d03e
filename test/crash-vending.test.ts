import 'reflect-metadata'
import { generateKeyPairSync } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import { parseClaimUrl } from '#contract/claim.ts'
import { createCertificateRequest } from '#device/certificate-request.ts'
import { openDeviceFolder } from '#device/device-folder.ts'
import { createDevice } from '#device/index.ts'
import { prepareKey } from '#device/prepare-key.ts'
import { vendCertificate } from '#functions/vend-certificate/vend-certificate.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { openStage, type Stage } from './crash-stage.ts'
import { type Clients, createCrashingClients } from './crashing-clients.ts'

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.cloud.close())

interface Enrollment {
  readonly thingName: string
  readonly dir: string
  readonly claimUrl: string
  readonly claim: string
  readonly csr: string
}

let requests = 0
/** A request has an id of its own; `seconds` is how much later than now it comes. */
async function vend(clients: Clients, { claim, csr }: Pick<Enrollment, 'claim' | 'csr'>, seconds = 0) {
  const clock = () => new Date(Date.now() + seconds * 1000)
  return vendCertificate(stage.build(clients, clock), { claim, csr }, `request-${requests++}`)
}

const patience = { baseMs: 1, timeoutMs: 0 }

crashAtEachCall<Enrollment>('vending by claim', {
  cloud: () => stage.cloud,
  calls: ['GetItem', 'UpdateItem', 'GetItem', 'Sign', 'UpdateItem', 'PutItem', 'UpdateItem'],
  async prepare(thingName) {
    const dir = join(stage.cloud.stateDir, 'devices', thingName)
    const { claimUrl } = await stage.cloud.operator.claims.create({ thingName })
    const key = prepareKey(openDeviceFolder(dir).pendingKey)
    return {
      thingName,
      dir,
      claimUrl,
      claim: parseClaimUrl(claimUrl).claim,
      csr: createCertificateRequest(thingName, key),
    }
  },
  run: (clients, subject) => vend(clients, subject),
  async runAgain(clients, subject) {
    // For half a minute a claim belongs to the request that died, unless it was spent.
    const first = await vend(clients, subject).catch((error) => {
      expect(error).toMatchObject({ code: 'CLAIM_IN_USE' })
    })
    const { certificateId } = await vend(createCrashingClients(stage.cloud), subject, 31)
    if (first) expect(certificateId).toBe(first.certificateId)
  },
  async check({ thingName, dir, claimUrl, claim }) {
    const { ledger, claims, things } = stage.parts
    const [entry, ...others] = await ledger.listOfThing(thingName)
    expect(others).toEqual([])
    expect(entry).toMatchObject({ state: 'vended', origin: 'claim' })
    const certificateId = entry?.certificateId ?? ''
    expect(await claims.find(entry?.claimId ?? '')).toMatchObject({ issued: { certificateId } })
    expect(await things.find(thingName)).toMatchObject({ state: 'vended' })
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const other = { claim, csr: createCertificateRequest(thingName, privateKey) }
    await expect(vend(stage.clients, other)).rejects.toMatchObject({ code: 'CLAIM_USED' })

    const device = createDevice({ dir })
    await device.enroll({ claimUrl, caFile: stage.cloud.cloud.caFile })
    await expect(device.connect(patience)).rejects.toMatchObject({ code: 'REGISTRATION_PENDING' })
    await stage.register(certificateId)
    await (await device.connect(patience)).disconnect()
    await stage.expectRegistered(certificateId, thingName)
  },
})
