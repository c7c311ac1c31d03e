import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SavedConfiguration } from '../device-configuration.ts'
import { type Runtime, systemRuntime } from '../runtime.ts'
import type { KeyAndCertificate, TestAuthority } from './certificates.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const testConfiguration: SavedConfiguration = {
  thingName: 'press-7',
  thingTypeName: 'thingdrop',
  region: 'us-east-1',
  bucket: 'files',
  roleAlias: 'device',
  mqttEndpoint: 'localhost:1',
  credentialsEndpoint: 'localhost:1',
  apiUrl: 'https://localhost:1',
}

/** The folder of a device that enrolled as press-7, with the test authority as its only CA. */
export async function createEnrolledFolder(
  authority: TestAuthority,
  configuration: Partial<SavedConfiguration> = {},
  identity?: KeyAndCertificate,
): Promise<string> {
  const dir = temporaryFolder()
  const { key, cert } = identity ?? (await authority.issueDevice(testConfiguration.thingName))
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, authority.pem)
  writeFileSync(join(dir, 'device.key'), key, { mode: 0o600 })
  writeFileSync(join(dir, 'device.pem'), cert)
  writeFileSync(join(dir, 'device.json'), JSON.stringify({ ...testConfiguration, caFile, ...configuration }))
  return dir
}

/** The system's clock and chance, with waits that are over at once and are told. */
export function createHastyRuntime(waits: number[] = []): Runtime {
  return {
    ...systemRuntime,
    wait: async (ms) => {
      waits.push(ms)
    },
  }
}
