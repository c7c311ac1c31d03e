import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDevice, type Device } from '#device/index.ts'
import type { TestCloud } from './test-cloud.ts'

/** A wait that suits a cloud next door; long enough for a cold start on a busy machine. */
export const patience = { baseMs: 200, timeoutMs: 25_000 }

export interface TestDevice {
  readonly device: Device
  readonly dir: string
  /** The id of the certificate that it has now. */
  readonly certificateId: () => string
  /** A file of the device's with this content. */
  readonly file: (name: string, content: string) => Promise<string>
}

interface EnrollmentOptions {
  /** Of the device, below the cloud's; named after the thing when not given. */
  readonly folder?: string
  /** Whether its claim lets it take the thing over. */
  readonly replace?: boolean
}

/** A device with a claim, enrolled and not yet connected. */
export async function enrollDevice(
  { operator, cloud, stateDir }: TestCloud,
  thingName: string,
  { folder = thingName, replace = false }: EnrollmentOptions = {},
): Promise<TestDevice> {
  const dir = join(stateDir, 'devices', folder)
  const device = createDevice({ dir })
  const { claimUrl } = await operator.claims.create({ thingName, replace })
  await device.enroll({ claimUrl, caFile: cloud.caFile }, patience)
  return {
    device,
    dir,
    certificateId() {
      const { raw } = new X509Certificate(readFileSync(join(dir, 'device.pem')))
      return createHash('sha256').update(raw).digest('hex')
    },
    async file(name, content) {
      await mkdir(join(dir, 'files'), { recursive: true })
      await writeFile(join(dir, 'files', name), content)
      return join(dir, 'files', name)
    },
  }
}

/** A device that has registered with its first connection. */
export async function registerDevice(
  cloud: TestCloud,
  thingName: string,
  options?: EnrollmentOptions,
): Promise<TestDevice> {
  const enrolled = await enrollDevice(cloud, thingName, options)
  await (await enrolled.device.connect(patience)).disconnect()
  return enrolled
}

/** Connects once, without patience: `connected`, or the code of what went wrong. */
export async function tryToConnect({ device }: Pick<TestDevice, 'device'>): Promise<string> {
  try {
    await (await device.connect({ baseMs: 1, timeoutMs: 0 })).disconnect()
    return 'connected'
  } catch (error) {
    return (error as { code: string }).code
  }
}
