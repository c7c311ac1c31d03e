import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Cloud, type CloudOptions, startCloud } from '#local/cloud.ts'
import { operatorEnvironment } from '../../start/operator-environment.ts'

const runFile = promisify(execFile)

/** The embedded cloud with nothing deployed, and programs of others that speak to it as its operator. */
export interface ForeignCloud {
  readonly cloud: Cloud
  /** Where programs run; gone with the cloud. */
  readonly folder: string
  /** Runs a program to its end and returns what it wrote; rejects with its error output. */
  readonly run: (program: string, args: readonly string[], extra?: NodeJS.ProcessEnv) => Promise<string>
  readonly close: () => Promise<void>
}

export async function startForeignCloud(options: Partial<CloudOptions> = {}): Promise<ForeignCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-foreign-'))
  const cloud = await startCloud({ stateDir: join(folder, 'cloud'), log: () => {}, ...options })
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    ...operatorEnvironment(cloud),
    AWS_MAX_ATTEMPTS: '1',
    AWS_DEFAULT_OUTPUT: 'json',
    CLOUD_ACCOUNT_ID: cloud.accountId,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  return {
    cloud,
    folder,
    async run(program, args, extra = {}) {
      const { stdout } = await runFile(program, args, { cwd: folder, env: { ...env, ...extra }, maxBuffer: 16 << 20 })
      return stdout
    },
    async close() {
      await cloud.close()
      await rm(folder, { recursive: true })
    },
  }
}
