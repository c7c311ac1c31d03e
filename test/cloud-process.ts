import { startCloud } from '#local/cloud.ts'
import { synthesize } from '../start/synthesize.ts'

/** What a cloud in a process of its own says when it is ready, on one line. */
export interface CloudReady {
  readonly caFile: string
  readonly region: string
  readonly gateway: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly outputs: Readonly<Record<string, string>>
}

/** The embedded cloud with the stack on the folder that the first argument names, until it is killed. */
if (import.meta.main) {
  const [stateDir = ''] = process.argv.slice(2)
  const cloud = await startCloud({ stateDir })
  const { outputs } = await cloud.deploy({ assembly: await synthesize(), stackName: 'Thingdrop' })
  const ready: CloudReady = {
    caFile: cloud.caFile,
    region: cloud.region,
    gateway: cloud.endpoints.gateway,
    credentials: cloud.operatorCredentials,
    outputs: Object.fromEntries(outputs.map(({ key, value }) => [key, value])),
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}
