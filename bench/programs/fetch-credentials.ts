import { readFileSync } from 'node:fs'
import { fetchCredentials } from '#device/credentials.ts'
import { createHttpTransport } from '#device/http-transport.ts'

/** What both clients of a credentials provider are told. */
export interface CredentialsJob {
  readonly port: number
  /** For a client that knows no other port than 443. */
  readonly proxyPort: number
  readonly key: string
  readonly cert: string
  readonly caFile: string
  readonly count: number
}

/** The device's own: one request after the other over one connection. Answers the seconds that they took. */
process.on('message', async ({ port, key, cert, caFile, count }: CredentialsJob) => {
  const tls = { key, cert, ca: readFileSync(caFile, 'utf8') }
  const transport = createHttpTransport({ tls, maxConnections: 1, idleTimeoutMs: 10_000 })
  const configuration = {
    credentialsEndpoint: `localhost:${port}`,
    roleAlias: 'device',
    thingName: 'bench',
    thingTypeName: 'thingdrop',
    region: 'us-east-1',
    bucket: 'files',
    mqttEndpoint: 'localhost:1',
  }
  await fetchCredentials(transport, configuration)
  const begin = performance.now()
  for (let index = 0; index < count; index++) await fetchCredentials(transport, configuration)
  const seconds = (performance.now() - begin) / 1000
  transport.close()
  process.send?.({ seconds })
})
process.send?.({})
