import type { Cloud } from '#local/cloud.ts'
import { OperatorError } from '#operator/operator-error.ts'
import type { Out } from '#operator/output/out.ts'
import { describeCloud, here } from './describe-cloud.ts'
import { environmentFileIn } from './environment-file.ts'
import { stayUp } from './stay-up.ts'
import { withCloud } from './with-cloud.ts'

/** The options of `thingdrop local` as they were read. */
export interface LocalOptions {
  readonly state: string
  readonly port: number
  readonly empty?: true
  readonly account?: string
  readonly region?: string
  readonly quotas?: 'aws'
  readonly verbose?: true
}

/** Starts the embedded cloud and keeps it up until the process is told to end. Throws LOCAL_CLOUD_FAILED. */
export async function runLocal(options: LocalOptions, stdout: Out, stderr: Out): Promise<void> {
  const { state: stateDir, port: firstPort, account, region, quotas, empty, verbose } = options
  // The cloud stays up when nobody reads what it prints.
  const printTo = (out: Out) => (line: string) => void out.write(`${line}\n`).catch(() => {})
  const print = printTo(stdout)
  const run = {
    stateDir,
    firstPort,
    print,
    ...(account && { accountId: account }),
    ...(region && { region }),
    ...(quotas && { quotas }),
    ...(empty && { empty }),
    ...(verbose && { explain: printTo(stderr) }),
  }
  try {
    await withCloud(run, (cloud) => stayUp(cloud, stateDir, () => print(describeLocal(cloud, stateDir))))
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new OperatorError('LOCAL_CLOUD_FAILED', message, {
      hint: `${stateDir} has cloud.log and what functions wrote, in logs/`,
      cause,
    })
  }
  print(`stopped; the next start goes on from ${here(stateDir)}`)
}

function describeLocal(cloud: Cloud, stateDir: string): string {
  return `
${describeCloud(cloud, stateDir)}

In another terminal, for the AWS CLI, the SDKs and thingdrop:
  . ${here(environmentFileIn(stateDir))}`
}
