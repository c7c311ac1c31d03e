import { hash } from 'node:crypto'
import { createSigner } from '#contract/sigv4.ts'
import type { TestCloud } from './test-cloud.ts'
import type { TestDevice } from './test-device.ts'

export type DeviceCredentials = Awaited<ReturnType<TestDevice['device']['credentials']>>

/** Calls a route that is for devices, signed as one. */
export async function callAsDevice(cloud: TestCloud, credentials: DeviceCredentials, path: string, body: object) {
  const url = new URL(cloud.output('ApiUrl') + path)
  const text = JSON.stringify(body)
  const unsigned = {
    method: 'POST',
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    payloadHash: hash('sha256', text),
  }
  const headers = createSigner('execute-api', cloud.cloud.region)(unsigned, credentials, new Date())
  const response = await fetch(url, { method: 'POST', headers, body: text })
  return { status: response.status, body: (await response.json()) as { code?: string; message?: string } }
}
