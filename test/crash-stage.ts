import 'reflect-metadata'
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  DescribeCertificateCommand,
  DescribeThingCommand,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot'
import { expect } from 'vitest'
import { createDevice } from '#device/index.ts'
import { registerCertificate } from '#functions/register-certificate/register-certificate.ts'
import { ledgerEntryOf } from '#functions/vend-certificate/vending.ts'
import { type Clients, createCrashingClients } from './crashing-clients.ts'
import { certificateIdOf } from './factory-device.ts'
import { openFunctions } from './functions-in-process.ts'
import { startTestCloud } from './test-cloud.ts'
import { type TestDevice, tryToConnect } from './test-device.ts'

/** What a device's certificate must be in AWS IoT and in the ledger; undefined where it is not known. */
interface Standing {
  readonly status: 'ACTIVE' | 'INACTIVE' | 'REVOKED' | undefined
  readonly state: string | undefined
  readonly reason?: string
}

export type Device = Omit<TestDevice, 'file'>

interface Enrollment {
  /** Below the cloud's; named after the thing when not given. */
  readonly folder?: string
  /** Whether its claim lets it take the thing over. */
  readonly replace?: boolean
}

export type Stage = Awaited<ReturnType<typeof openStage>>

/** A cloud on which the functions run in this process, and what tests of that ask and arrange. */
export async function openStage() {
  const cloud = await startTestCloud()
  const build = await openFunctions(cloud)
  const clients = createCrashingClients(cloud)
  const parts = build(clients)
  const { iot } = clients
  const configuration = { ...parts.device, caFile: cloud.cloud.caFile }

  /** Runs the registration of a certificate that connected. */
  async function register(certificateId: string, using: Clients = clients, thingGroupNames: readonly string[] = []) {
    const { accountId } = cloud.cloud
    const [entry, signing] = await Promise.all([parts.ledger.find(certificateId), parts.cas.getSigning()])
    const built = build(using)
    return registerCertificate(
      { ...built, catalog: { ...built.catalog, thingGroupNames } },
      {
        certificateId,
        caCertificateId: entry?.caCertificateId ?? signing.caCertificateId,
        timestamp: Date.now(),
        certificateStatus: 'PENDING_ACTIVATION',
        awsAccountId: accountId,
      },
    )
  }

  /** A device with a certificate, as vending leaves the two. */
  async function enroll(thingName: string, { folder = thingName, replace: replaces = false }: Enrollment) {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const publicKey = new Uint8Array(keys.publicKey.export({ type: 'spki', format: 'der' }))
    const now = new Date()
    const issued = await parts.sign({ thingName, publicKey }, now)
    const thing = { thingName, thingTypeName: undefined, attributes: {} }
    await parts.ledger.add(ledgerEntryOf(issued, { ...thing, origin: 'claim', replaces }, now))
    await parts.things.note({ ...thing, state: 'vended' }, now)
    const dir = join(cloud.stateDir, 'devices', folder)
    await mkdir(dir, { recursive: true })
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(join(dir, 'device.key'), key, { mode: 0o600 })
    await writeFile(join(dir, 'device.pem'), issued.certificatePem + issued.chainPem)
    await writeFile(join(dir, 'device.json'), JSON.stringify({ ...configuration, thingName }))
    const device = createDevice({ dir })
    return { device, dir, certificateId: () => certificateIdOf(readFileSync(join(dir, 'device.pem'), 'utf8')) }
  }

  /** A device whose first connection made its certificate known to AWS IoT, which waits for its registration. */
  async function introduce(thingName: string, enrollment: Enrollment = {}): Promise<Device> {
    const device = await enroll(thingName, enrollment)
    expect(await tryToConnect(device)).toBe('REGISTRATION_PENDING')
    return device
  }

  async function unlessMissing<T>(call: Promise<T>): Promise<T | undefined> {
    try {
      return await call
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return undefined
      throw error
    }
  }

  async function attachmentsOf(certificateId: string) {
    const principal = `arn:aws:iot:${cloud.cloud.region}:${cloud.cloud.accountId}:cert/${certificateId}`
    const [described, policies, things] = await Promise.all([
      unlessMissing(iot.send(new DescribeCertificateCommand({ certificateId }))),
      unlessMissing(iot.send(new ListAttachedPoliciesCommand({ target: principal }))),
      unlessMissing(iot.send(new ListPrincipalThingsCommand({ principal }))),
    ])
    return {
      status: described?.certificateDescription?.status,
      policies: (policies?.policies ?? []).map(({ policyName }) => policyName),
      things: things?.things ?? [],
    }
  }

  return {
    cloud,
    build,
    parts,
    clients,
    register,
    introduce,

    /** A device whose certificate holds its thing. */
    async settleIn(thingName: string, enrollment?: Enrollment): Promise<Device> {
      const device = await introduce(thingName, enrollment)
      expect(await register(device.certificateId())).toMatchObject({ outcome: 'registered' })
      return device
    },

    /** Begins the device's renewal, as far as it comes before the registration; gives the new certificate's id. */
    async beginRenewal({ device, dir }: Device): Promise<string> {
      await expect(device.renew({ force: true }, { baseMs: 1, timeoutMs: 0 })).rejects.toMatchObject({
        code: 'REGISTRATION_PENDING',
      })
      return certificateIdOf(readFileSync(join(dir, 'renewal.pem'), 'utf8'))
    },

    /** That a certificate stands as its thing's: whole, once, and alone. */
    async expectRegistered(certificateId: string, thingName: string): Promise<void> {
      await this.expectStanding(certificateId, { status: 'ACTIVE', state: 'active' })
      expect(await attachmentsOf(certificateId)).toMatchObject({ policies: [expect.any(String)], things: [thingName] })
      const { thingTypeName } = await iot.send(new DescribeThingCommand({ thingName }))
      expect(thingTypeName).toBe(cloud.output('ThingTypeName'))
      const { principals } = await iot.send(new ListThingPrincipalsCommand({ thingName }))
      expect(principals).toEqual([expect.stringContaining(certificateId)])
      expect(await parts.things.find(thingName)).toMatchObject({ state: 'active', certificateId })
    },

    /** That a certificate is out of use, with nothing left on it. */
    async expectOut(certificateId: string, standing: Standing): Promise<void> {
      await this.expectStanding(certificateId, standing)
      expect(await attachmentsOf(certificateId)).toMatchObject({ policies: [], things: [] })
    },

    async expectStanding(certificateId: string, { status, state, reason }: Standing): Promise<void> {
      const entry = await parts.ledger.find(certificateId)
      expect({
        status: (await attachmentsOf(certificateId)).status,
        state: entry?.state,
        reason: entry?.reason,
      }).toEqual({
        status,
        state,
        reason,
      })
      if (state === 'active') expect(entry?.activatedAt).toBeDefined()
    },

    isKnownThing: async (thingName: string) =>
      (await unlessMissing(iot.send(new DescribeThingCommand({ thingName })))) !== undefined,
  }
}
