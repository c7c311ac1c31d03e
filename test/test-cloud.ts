import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cloud, startCloud } from '#local/cloud.ts'
import { createOperator, type Operator } from '#operator/index.ts'
import { operatorEnvironment } from '../start/operator-environment.ts'
import { synthesize } from '../start/synthesize.ts'
import { borrowDeployment } from './deployment.ts'

export interface TestCloud {
  readonly cloud: Cloud
  readonly stateDir: string
  /** AWS's variables of an operator, for programs. */
  readonly environment: Readonly<Record<string, string>>
  /** Configuration of an AWS SDK client: the operator's, or another's credentials. */
  readonly client: (credentials?: SdkCredentials) => {
    readonly endpoint: string
    readonly region: string
    readonly credentials: SdkCredentials
  }
  readonly output: (name: string) => string
  readonly operator: Operator
  /** What the cloud said on its own. */
  readonly logged: readonly string[]
  readonly close: () => Promise<void>
}

interface SdkCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

interface TestCloudOptions {
  /** Another assembly than that of the sources. */
  readonly assembly?: string
  /** AWS's default rates. */
  readonly quotas?: 'aws'
}

/** The embedded cloud on a folder of its own, with the stack deployed. THINGDROP_ASSEMBLY deploys another assembly too. */
export async function startTestCloud(options: TestCloudOptions = {}): Promise<TestCloud> {
  const stateDir = await mkdtemp(join(tmpdir(), 'thingdrop-test-'))
  const logged: string[] = []
  const assembly = options.assembly ?? process.env.THINGDROP_ASSEMBLY
  const deployment = assembly === undefined ? await borrowDeployment() : undefined
  await deployment?.copyTo(stateDir)
  const cloud = await startCloud({
    stateDir,
    log: (line) => logged.push(line),
    ...(options.quotas && { quotas: options.quotas }),
  })
  async function close(): Promise<void> {
    await cloud.close()
    deployment?.giveBack()
    await rm(stateDir, { recursive: true })
  }

  const deploy = async () => cloud.deploy({ assembly: assembly ?? (await synthesize()), stackName: 'Thingdrop' })

  try {
    const { outputs } = deployment ?? (await deploy())
    const output = (name: string) => {
      const value = outputs.find((candidate) => candidate.key === name)?.value
      if (value === undefined) throw new Error(`the stack has no output ${name}`)
      return value
    }
    const { endpoints, region, operatorCredentials } = cloud
    return {
      cloud,
      stateDir,
      environment: operatorEnvironment(cloud),
      client: (credentials = operatorCredentials) => ({ endpoint: endpoints.gateway, region, credentials }),
      output,
      operator: createOperator({ apiUrl: output('ApiUrl'), region, credentials: operatorCredentials }),
      logged,
      close,
    }
  } catch (error) {
    await close()
    throw new Error(`the stack was not deployed; the cloud said:\n${logged.join('\n')}`, { cause: error })
  }
}
