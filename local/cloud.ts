import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCloudFormation } from './cloudformation/create-cloudformation.ts'
import { createAssetStore } from './deploy/asset-store.ts'
import { createDeployer, type Deployer } from './deploy/create-deployer.ts'
import { createDynamoDb } from './dynamodb/create-dynamodb.ts'
import { createCall, requestContext, serviceCall } from './gateway/call.ts'
import { createGateway } from './gateway/gateway.ts'
import { createHttpApi } from './http-api/create-http-api.ts'
import { createIam } from './iam/create-iam.ts'
import type { Decisions } from './iam/decisions.ts'
import { createIotControl } from './iot/control/iot-control.ts'
import { createIotDataPlane } from './iot/data-plane.ts'
import { createRegistry } from './iot/registry/registry.ts'
import { ruleSyntax } from './iot/rules/rule-syntax.ts'
import { createServerIdentity } from './iot/server-identity.ts'
import { createKms } from './kms/create-kms.ts'
import { createLambda } from './lambda/create-lambda.ts'
import { lockFolder } from './lock-folder.ts'
import { explainTakenPort, type Ports, recallPorts, rememberPorts } from './remembered-ports.ts'
import { createS3 } from './s3/create-s3.ts'
import { createSqs } from './sqs/create-sqs.ts'

export interface CloudOptions {
  /** All that the cloud keeps; one cloud at a time may have it. */
  readonly stateDir: string
  /** On 127.0.0.1. Without one, or with 0: the port of the last run, or a free one. */
  readonly ports?: Partial<Ports>
  readonly accountId?: string
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
  readonly endpoints: {
    /** Every AWS API: `AWS_ENDPOINT_URL`. */
    readonly gateway: string
    /** `host:port` for MQTT over mutual TLS. */
    readonly mqtt: string
    readonly credentials: string
    readonly api: string
  }
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
  const { stateDir, accountId = '000000000000', region = 'us-east-1', clock = () => new Date() } = options
  onClose(lockFolder(stateDir))
  const logFile = join(stateDir, 'cloud.log')
  const log = options.log ?? ((line) => appendFileSync(logFile, `${clock().toISOString()} ${line}\n`))
  const wanted = recallPorts(stateDir, options.ports ?? {})
  const open = <T extends { close(): unknown }>(service: T): T => {
    onClose(() => service.close())
    return service
  }
  const endpoints = { gateway: '', mqtt: '', credentials: '', api: '' }
  const common = { accountId, region, clock, log, endpoint: () => endpoints.gateway }
  const under = (name: string) => ({ ...common, folder: join(stateDir, name) })

  const dynamodb = open(createDynamoDb(under('dynamodb')))
  const identity = await createServerIdentity(under('iot'))
  const iam = open(createIam(under('iam')))
  const { authorizer, credentials, assumeRole } = iam
  const kms = open(createKms(under('kms')))
  const sqs = open(createSqs(under('sqs')))
  const s3 = open(
    createS3({
      ...under('s3'),
      authorizer,
      credentials,
      async notify({ queueArn, bucketArn, body }) {
        const call = serviceCall({
          ...common,
          authorizer,
          principal: 's3.amazonaws.com',
          sourceArn: bucketArn,
        })
        await sqs.operations.SendMessage({ QueueUrl: queueUrlOf(queueArn), MessageBody: body }, call)
      },
    }),
  )
  const assets = createAssetStore(join(stateDir, 'assets'))
  const logFolder = join(stateDir, 'logs')
  const lambda = open(
    createLambda({
      ...under('lambda'),
      logFolder,
      authorizer,
      sqs: sqs.operations,
      assumeRole: (roleArn, sessionName) => assumeRole({ roleArn, sessionName, principal: 'lambda.amazonaws.com' }),
      findCode: (_bucket, key) => assets.find(key),
      caFile: identity.caFile,
    }),
  )
  const httpApi = open(createHttpApi({ ...under('http-api'), authorizer, credentials, lambda: lambda.operations }))
  const registry = open(createRegistry(under('iot')))
  const iotControl = createIotControl({
    ...common,
    registry,
    rules: ruleSyntax,
    quotas: options.quotas,
    endpoints: () => ({ data: endpoints.mqtt, credentials: new URL(endpoints.credentials).host }),
  })
  const dataPlane = open(
    await createIotDataPlane({
      ...under('iot'),
      registry,
      sqs: sqs.operations,
      lambda: lambda.operations,
      authorizer,
      assumeRole,
    }),
  )
  const deployer = open(
    createDeployer({
      ...under('deploy'),
      assets,
      secureContext: () => identity.secureContext,
      ownerCall: () =>
        createCall({
          authorizer,
          caller: iam.root,
          requestId: crypto.randomUUID(),
          sourceIp: 'cloudformation.amazonaws.com',
          context: requestContext(iam.root, region, clock()),
        }),
      services: {
        apigateway: httpApi.operations,
        dynamodb: dynamodb.operations,
        iam: iam.operations,
        iot: iotControl.operations,
        kms: kms.operations,
        lambda: lambda.operations,
        logs: lambda.logs.operations,
        s3: s3.operations,
        sqs: sqs.operations,
      },
    }),
  )
  const gateway = open(
    createGateway({
      services: {
        cloudformation: createCloudFormation(deployer.records).service,
        dynamodb: dynamodb.service,
        iam: iam.service,
        iot: iotControl.service,
        iotdata: dataPlane.service,
        kms: kms.service,
        lambda: lambda.service,
        logs: lambda.logs.service,
        s3: s3.service,
        sqs: sqs.service,
        sts: iam.stsService,
      },
      credentials,
      authorizer,
      region,
      clock,
      log: (message, error) => log(`${message}: ${error instanceof Error ? error.stack : error}`),
    }),
  )

  const listen = async (): Promise<Ports> => ({
    gateway: await gateway.listen(wanted.gateway),
    api: await httpApi.listen(wanted.api),
    ...(await dataPlane.listen(wanted)),
  })
  await dynamodb.ready()
  const ports = await listen().catch((error) => Promise.reject(explainTakenPort(error, wanted)))
  rememberPorts(stateDir, ports)
  endpoints.gateway = `http://127.0.0.1:${ports.gateway}`
  endpoints.api = `http://127.0.0.1:${ports.api}`
  endpoints.mqtt = `localhost:${ports.mqtt}`
  endpoints.credentials = `https://localhost:${ports.credentials}`
  s3.start()
  await lambda.start()
  // First of all: functions that are at work still need every service.
  onClose(() => lambda.settle())
  return {
    accountId,
    region,
    endpoints,
    operatorCredentials: iam.operatorCredentials(),
    caFile: identity.caFile,
    logFolder,
    decisions: iam.decisions,
    deploy: deployer.deploy,
  }
}

/** SQS looks only at the path of a queue URL. */
function queueUrlOf(queueArn: string): string {
  const [, , , , accountId, name] = queueArn.split(':')
  return `https://sqs/${accountId}/${name}`
}
