import { join } from 'node:path'
import { createCloudFormation } from './cloudformation/create-cloudformation.ts'
import { createAssetStore } from './deploy/asset-store.ts'
import { createDeployer } from './deploy/create-deployer.ts'
import { createDynamoDb } from './dynamodb/create-dynamodb.ts'
import type { Endpoints } from './endpoints.ts'
import { createEvents } from './events/create-events.ts'
import { createCall, requestContext, serviceCall } from './gateway/call.ts'
import { createGateway } from './gateway/gateway.ts'
import { createHttpApi } from './http-api/create-http-api.ts'
import { createIam } from './iam/create-iam.ts'
import { createIotControl } from './iot/control/iot-control.ts'
import { createIotDataPlane } from './iot/data-plane.ts'
import { createRegistry } from './iot/registry/registry.ts'
import { ruleSyntax } from './iot/rules/rule-syntax.ts'
import { createServerIdentity } from './iot/server-identity.ts'
import { createKms } from './kms/create-kms.ts'
import { createLambda } from './lambda/create-lambda.ts'
import { createS3 } from './s3/create-s3.ts'
import { createSqs } from './sqs/create-sqs.ts'
import { queueUrlOf } from './sqs/queue-url-of.ts'

export interface ServicesOptions {
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly quotas: 'aws' | undefined
  readonly log: (line: string) => void
  /** Where the services are reached, once they listen. */
  readonly endpoints: () => Endpoints
  /** What closes the services, in the order in which they were opened. */
  readonly onClose: (closer: () => unknown) => void
}

/** Opens every service on a folder of its own, and joins them. Nothing listens yet. */
export async function openServices(options: ServicesOptions) {
  const { accountId, region, clock, log, endpoints, onClose } = options
  const open = <T extends { close(): unknown }>(service: T): T => {
    onClose(() => service.close())
    return service
  }
  const common = { accountId, region, clock, log, endpoint: () => endpoints().gateway }
  const under = (name: string) => ({ ...common, folder: join(options.folder, name) })

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
  const assets = createAssetStore(join(options.folder, 'assets'))
  const logFolder = join(options.folder, 'logs')
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
  const events = open(createEvents({ ...under('events'), authorizer, lambda: lambda.operations, sqs: sqs.operations }))
  const httpApi = open(createHttpApi({ ...under('http-api'), authorizer, credentials, lambda: lambda.operations }))
  const registry = open(createRegistry(under('iot')))
  const iotControl = createIotControl({
    ...common,
    registry,
    rules: ruleSyntax,
    quotas: options.quotas,
    endpoints: () => ({ data: endpoints().mqtt, credentials: new URL(endpoints().credentials).host }),
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
  const operations = {
    apigateway: httpApi.operations,
    dynamodb: dynamodb.operations,
    events: events.operations,
    iam: iam.operations,
    iot: iotControl.operations,
    kms: kms.operations,
    lambda: lambda.operations,
    logs: lambda.logs.operations,
    s3: s3.operations,
    sqs: sqs.operations,
  }
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
      services: operations,
    }),
  )
  const cloudFormation = createCloudFormation(deployer.records)
  const gateway = open(
    createGateway({
      services: {
        cloudformation: cloudFormation.service,
        dynamodb: dynamodb.service,
        events: events.service,
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

  return {
    ...{ dynamodb, events, identity, iam, s3, lambda, httpApi, dataPlane, deployer, gateway, logFolder },
    /** By service, what a caller may ask for; S3's are those that a deployer asks for. */
    operations: {
      ...operations,
      cloudformation: cloudFormation.operations,
      iotdata: dataPlane.operations,
      sts: iam.sts,
    },
  }
}
