import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudFacts } from '../programs/cloud.ts'
import { type Program, startProgram } from './start-program.ts'

export interface CloudProgram extends Pick<Program<CloudFacts>, 'pid'> {
  readonly facts: CloudFacts
  readonly stateDir: string
  /** Configuration of an AWS SDK client that calls as the operator. */
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: CloudFacts['operatorCredentials']
  }
  stop(): Promise<void>
}

/** The embedded cloud in a process of its own, on an empty folder that goes with it. */
export async function startCloud(): Promise<CloudProgram> {
  const stateDir = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
  const removeState = () => rm(stateDir, { recursive: true, force: true, maxRetries: 3 })
  try {
    const cloud = await startProgram<CloudFacts>('cloud', [stateDir])
    const { endpoints, region, operatorCredentials } = cloud.ready
    return {
      pid: cloud.pid,
      facts: cloud.ready,
      stateDir,
      client: { endpoint: endpoints.gateway, region, credentials: operatorCredentials },
      async stop() {
        await cloud.stop()
        await removeState()
      },
    }
  } catch (error) {
    await removeState()
    throw error
  }
}
