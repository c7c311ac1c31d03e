import type { RequestListener } from 'node:http'
import { createDevice, type Device } from '../device.ts'
import type { KeyAndCertificate, TestAuthority } from './certificates.ts'
import { createEnrolledFolder, createHastyRuntime } from './enrolled-device.ts'
import { startHttps } from './servers.ts'

export interface UploadDevice {
  readonly dir: string
  /** A device on the folder, as another process would open it. */
  open(): Device
  /** How many sets of credentials were given out; the token of the n-th is `t<n>`. */
  readonly sets: () => number
  readonly waits: readonly number[]
}

/** The folder of a device whose S3 is the listener, with hasty retries. */
export async function createUploadDevice(
  authority: TestAuthority,
  server: KeyAndCertificate,
  s3: RequestListener,
  random?: () => number,
): Promise<UploadDevice> {
  let sets = 0
  const credentialsEndpoint = await startHttps(server, (_, response) => {
    const expiration = new Date(Date.now() + 3_600_000).toISOString()
    const credentials = { accessKeyId: `A${++sets}`, secretAccessKey: 's', sessionToken: `t${sets}`, expiration }
    response.end(JSON.stringify({ credentials }))
  })
  const s3Endpoint = `https://${await startHttps(server, s3)}`
  const dir = await createEnrolledFolder(authority, { credentialsEndpoint, s3Endpoint })
  const waits: number[] = []
  const runtime = { ...createHastyRuntime(waits), ...(random && { random }) }
  return { dir, waits, sets: () => sets, open: () => createDevice({ dir, runtime }) }
}
