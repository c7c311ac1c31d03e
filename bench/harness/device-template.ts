import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SavedConfiguration } from '#device/device-configuration.ts'
import type { KeyAndCertificate } from '#device/testing/certificates.ts'

/** The folder of a device that enrolled, with an empty journal. Returns a function that copies it, as every run begins with it. */
export function createDeviceTemplate(
  folder: string,
  { key, cert }: KeyAndCertificate,
  configuration: Partial<SavedConfiguration>,
): (to: string) => string {
  mkdirSync(folder, { recursive: true })
  const settings: Partial<SavedConfiguration> = {
    thingName: 'bench',
    thingTypeName: 'thingdrop',
    roleAlias: 'device',
    mqttEndpoint: 'localhost:1',
    apiUrl: 'https://localhost:1',
    ...configuration,
  }
  writeFileSync(join(folder, 'device.key'), key, { mode: 0o600 })
  writeFileSync(join(folder, 'device.pem'), cert)
  writeFileSync(join(folder, 'device.json'), JSON.stringify(settings))
  return (to) => {
    cpSync(folder, to, { recursive: true })
    return to
  }
}
