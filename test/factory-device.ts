import { X509Certificate } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createDevice } from '#device/index.ts'
import type { KeyAndCertificate } from '#device/testing/certificates.ts'
import type { TestCloud } from './test-cloud.ts'
import type { TestDevice } from './test-device.ts'

export function certificateIdOf(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()
}

/** A device whose key and certificate came with it from its maker; its configuration is another device's. */
export async function makeFactoryDevice(
  cloud: TestCloud,
  thingName: string,
  { key, cert }: KeyAndCertificate,
  pattern: TestDevice,
): Promise<TestDevice> {
  const dir = join(cloud.stateDir, 'devices', `factory-${certificateIdOf(cert)}`)
  await mkdir(dir, { recursive: true })
  const configuration = JSON.parse(await readFile(join(pattern.dir, 'device.json'), 'utf8'))
  await writeFile(join(dir, 'device.json'), JSON.stringify({ ...configuration, thingName }))
  await writeFile(join(dir, 'device.key'), key, { mode: 0o600 })
  await writeFile(join(dir, 'device.pem'), cert)
  return { ...pattern, dir, device: createDevice({ dir }), certificateId: () => certificateIdOf(cert) }
}
