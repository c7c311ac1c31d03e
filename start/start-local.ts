import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Cloud, startCloud } from '#local/cloud.ts'
import type { Local, StartLocalOptions } from './local.ts'
import { operatorEnvironment } from './operator-environment.ts'
import { packagedAssembly } from './packaged-assembly.ts'
import { synthesize } from './synthesize.ts'

export type { Local, StartLocalOptions } from './local.ts'

/**
 * Starts the embedded cloud in this process, on free ports of 127.0.0.1, with thingdrop's stack deployed.
 *
 * ```ts
 * const local = await startLocal({ empty: true })
 * const s3 = new S3Client(local.client)
 * await local.close()
 * ```
 */
export async function startLocal(options: StartLocalOptions = {}): Promise<Local> {
  const { empty, stateDir: kept, ...cloudOptions } = options
  const stateDir = kept === undefined ? await mkdtemp(join(tmpdir(), 'thingdrop-')) : resolve(kept)
  const removeTemporary = () => (kept === undefined ? rm(stateDir, { recursive: true, force: true }) : undefined)
  const cloud = await startCloud({ ...cloudOptions, stateDir }).catch(async (error) => {
    await removeTemporary()
    throw error
  })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= cloud.close().then(removeTemporary)
    return closed
  }
  try {
    const outputs = empty ? {} : await deployStack(cloud)
    const { accountId, region, endpoints, caFile, operatorCredentials: credentials } = cloud
    return {
      accountId,
      region,
      endpoints,
      client: { endpoint: endpoints.gateway, region, credentials },
      environment: operatorEnvironment(cloud),
      caFile,
      stateDir,
      outputs,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function deployStack({ deploy }: Cloud): Promise<Readonly<Record<string, string>>> {
  const assembly = packagedAssembly() ?? (await synthesize())
  const { outputs } = await deploy({ assembly, stackName: 'Thingdrop' })
  return Object.fromEntries(outputs.map(({ key, value }) => [key, value]))
}
