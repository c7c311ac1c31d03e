import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Deployer } from './deploy/create-deployer.ts'
import { type Endpoints, toEndpoints } from './endpoints.ts'
import type { Decisions } from './iam/decisions.ts'
import { lockFolder } from './lock-folder.ts'
import { openServices } from './open-services.ts'
import { settleIdentity } from './remembered-identity.ts'
import { choosePorts, explainTakenPort, type Ports, readPorts, writePorts } from './remembered-ports.ts'

export interface CloudOptions {
  /** All that the cloud keeps; one cloud at a time may have it. */
  readonly stateDir: string
  /** On 127.0.0.1. Without one, or with 0: the port of the last run, or a free one. */
  readonly ports?: Partial<Ports>
  /** Without one: that of the last run, or 000000000000. */
  readonly accountId?: string
  /** Without one: that of the last run, or us-east-1. */
  readonly region?: string
  readonly clock?: () => Date
  /** Hold AWS IoT's control plane to AWS's default rates. */
  readonly quotas?: 'aws'
  /** What goes wrong inside; without one it goes to `cloud.log` in the folder. */
  readonly log?: (line: string) => void
}

export interface Cloud {
  readonly accountId: string
  readonly region: string
  readonly endpoints: Endpoints
  readonly operatorCredentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** PEM of the authority that signed the cloud's own TLS certificates. */
  readonly caFile: string
  /** What functions write, a file each. */
  readonly logFolder: string
  /** Each decision of IAM as it is taken. */
  readonly decisions: Decisions
  readonly deploy: Deployer['deploy']
  close(): Promise<void>
}

/** Starts the embedded AWS on one folder. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const closers: (() => unknown)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    return { ...(await openCloud(options, (closer) => closers.push(closer))), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function openCloud(
  options: CloudOptions,
  onClose: (closer: () => unknown) => void,
): Promise<Omit<Cloud, 'close'>> {
  const { stateDir, clock = () => new Date(), quotas } = options
  onClose(lockFolder(stateDir))
  const { accountId, region } = settleIdentity(stateDir, options)
  const logFile = join(stateDir, 'cloud.log')
  const log = options.log ?? ((line) => appendFileSync(logFile, `${clock().toISOString()} ${line}\n`))
  let endpoints: Endpoints | undefined
  const cloud = await openServices({
    folder: stateDir,
    accountId,
    region,
    clock,
    quotas,
    log,
    onClose,
    endpoints() {
      if (!endpoints) throw new Error('the embedded cloud does not listen yet')
      return endpoints
    },
  })
  const { gateway, httpApi, dataPlane, iam, identity, deployer, lambda } = cloud

  const earlier = readPorts(stateDir)
  const wanted = choosePorts(options.ports ?? {}, earlier)
  const listen = async (): Promise<Ports> => ({
    gateway: await gateway.listen(wanted.gateway),
    api: await httpApi.listen(wanted.api),
    ...(await dataPlane.listen(wanted)),
  })
  await cloud.dynamodb.ready()
  const ports = await listen().catch((error) => Promise.reject(explainTakenPort(error, wanted)))
  endpoints = toEndpoints(ports)
  if (earlier) deployer.moveEndpoints(Object.values(toEndpoints(earlier)), Object.values(endpoints))
  writePorts(stateDir, ports)
  cloud.s3.start()
  await lambda.start()
  cloud.events.start()
  // First of all: functions that are at work still need every service.
  onClose(() => lambda.settle())
  return {
    accountId,
    region,
    endpoints,
    operatorCredentials: iam.operatorCredentials(),
    caFile: identity.caFile,
    logFolder: cloud.logFolder,
    decisions: iam.decisions,
    deploy: deployer.deploy,
  }
}
