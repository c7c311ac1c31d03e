import { type Cloud, type CloudOptions, startCloud } from '#local/cloud.ts'
import type { ProgressEvent } from '#local/deploy/stack-deployer.ts'
import { describeDecision, describeProgress } from './describe-event.ts'
import { portsFrom } from './first-port.ts'
import { packagedAssembly } from './packaged-assembly.ts'
import { synthesize } from './synthesize.ts'

export interface CloudRun extends Pick<CloudOptions, 'stateDir' | 'accountId' | 'region' | 'quotas'> {
  readonly firstPort: number
  /** Deploy nothing. */
  readonly empty?: boolean
  readonly print: (line: string) => void
  /** Gets what is deployed, what IAM decides, and what else would only be in `cloud.log`. */
  readonly explain?: (line: string) => void
}

/** Starts the embedded cloud, deploys the stack to it, and ends it when `use` is done. */
export async function withCloud(run: CloudRun, use: (cloud: Cloud) => Promise<void>): Promise<void> {
  const { print, explain, firstPort, empty, ...options } = run
  async function step<T>(done: string, work: () => Promise<T>): Promise<T> {
    const begin = performance.now()
    const result = await work()
    print(`${done} (${((performance.now() - begin) / 1000).toFixed(1)} s)`)
    return result
  }

  const assembly = empty ? undefined : (packagedAssembly() ?? (await step('synthesized the stack', synthesize)))
  const cloud = await step('started the embedded cloud', () =>
    startCloud({ ...options, ports: portsFrom(firstPort), ...(explain && { log: explain }) }),
  )
  try {
    if (explain) cloud.decisions.subscribe((decision) => explain(describeDecision(decision)))
    if (assembly !== undefined) {
      const onProgress = (event: ProgressEvent) => explain?.(describeProgress(event))
      await step('deployed the stack', () => cloud.deploy({ assembly, stackName: 'Thingdrop', onProgress }))
    }
    await use(cloud)
  } finally {
    await cloud.close()
  }
}
