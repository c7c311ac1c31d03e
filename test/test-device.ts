import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDevice, type Device } from '#device/index.ts'
import type { TestCloud } from './test-cloud.ts'

/** A wait that suits a cloud next door; long enough for a cold start on a busy machine. */
const patience = { baseMs: 200, timeoutMs: 25_000 }

export interface TestDevice {
  readonly device: Device
  readonly dir: string
  /** A file of the device's with this content. */
  readonly file: (name: string, content: string) => Promise<string>
}

/** A device with a claim, enrolled and not yet connected. */
export async function enrollDevice({ operator, cloud, stateDir }: TestCloud, thingName: string): Promise<TestDevice> {
  const dir = join(stateDir, 'devices', thingName)
  const device = createDevice({ dir })
  const { claimUrl } = await operator.claims.create({ thingName })
  await device.enroll({ claimUrl, caFile: cloud.caFile }, patience)
  return {
    device,
    dir,
    async file(name, content) {
      await mkdir(join(dir, 'files'), { recursive: true })
      await writeFile(join(dir, 'files', name), content)
      return join(dir, 'files', name)
    },
  }
}

/** A device that has registered with its first connection. */
export async function registerDevice(cloud: TestCloud, thingName: string): Promise<TestDevice> {
  const enrolled = await enrollDevice(cloud, thingName)
  await (await enrolled.device.connect(patience)).disconnect()
  return enrolled
}
