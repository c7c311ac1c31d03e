import { randomFillSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { dirname, join } from 'node:path'
import { createDevice, type Device, type DeviceOptions } from '../device.ts'
import type { Runtime } from '../runtime.ts'
import type { KeyAndCertificate, TestAuthority } from './certificates.ts'
import type { ExpectedFile } from './check-objects.ts'
import { createEnrolledFolder } from './enrolled-device.ts'
import { startHttp, startHttps } from './servers.ts'

interface FaultyOptions {
  readonly authority: TestAuthority
  readonly server: KeyAndCertificate
  readonly s3: RequestListener
  readonly scheme?: 'https' | 'http'
  /** Stands in the place of the real port. */
  readonly link?: (port: number) => Promise<number>
  readonly runtime: Runtime
  /** Answers instead of the credentials provider when it returns true. */
  readonly interfere?: (response: Parameters<RequestListener>[1], count: number) => boolean
}

/** A device whose way to S3 and to the credentials provider may be as bad as wanted. The n-th set of credentials has the token `t<n>`. */
export async function createFaultyDevice(options: FaultyOptions) {
  const { authority, server, s3, scheme = 'https', link = async (port) => port, runtime, interfere } = options
  let sets = 0
  let asked = 0
  const credentialsEndpoint = await startHttps(server, (_, response) => {
    if (interfere?.(response, ++asked)) return
    const expiration = new Date(runtime.clock().getTime() + 3_600_000).toISOString()
    const credentials = { accessKeyId: `A${++sets}`, secretAccessKey: 's', sessionToken: `t${sets}`, expiration }
    response.end(JSON.stringify({ credentials }))
  })
  const portOf = (address: string) => Number(address.split(':').at(-1))
  const s3Port = portOf(scheme === 'https' ? await startHttps(server, s3) : await startHttp(s3))
  const dir = await createEnrolledFolder(authority, {
    credentialsEndpoint,
    s3Endpoint: `${scheme}://localhost:${await link(s3Port)}`,
  })
  const open = (more: Partial<DeviceOptions> = {}): Device => createDevice({ dir, runtime, ...more })
  return { dir, open, sets: () => sets }
}

/** Files below a directory, each with bytes of its own. */
export function writeFiles(root: string, sizes: Readonly<Record<string, number>>): ExpectedFile[] {
  return Object.entries(sizes).map(([name, sizeBytes]) => {
    const path = join(root, name)
    const content = randomFillSync(Buffer.alloc(sizeBytes))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return { path, content }
  })
}
