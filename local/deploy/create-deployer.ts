import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { AwsError, type Call, type Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import type { AssetStore } from './asset-store.ts'
import { deployStack } from './deploy-stack.ts'
import { generateName } from './generate-name.ts'
import { readAssembly } from './read-assembly.ts'
import { type CustomResourceOptions, requestCustomResource } from './request-custom-resource.ts'
import type { ResourceContext } from './resource-type.ts'
import type { ProgressEvent, StackDeployer } from './stack-deployer.ts'
import { createStackRecords, type ResourceRecord, type StackRecord } from './stack-records.ts'

export interface DeployerOptions {
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly assets: AssetStore
  /** By the name in resource types' handlers: `iam`, `s3`, `sqs`, `lambda`, `logs`, `dynamodb`, `events`, `kms`, `iot`, `apigateway`. */
  readonly services: Readonly<Record<string, Operations>>
  /** The calls of the stack's owner. */
  readonly ownerCall: () => Call
  readonly secureContext: CustomResourceOptions['secureContext']
  /** Capital letters and digits. */
  readonly randomText?: (length: number) => string
}

export interface Deployment {
  /** `cdk.out`. */
  readonly assembly: string
  /** Needed when the assembly has several stacks. */
  readonly stackName?: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly onProgress?: (event: ProgressEvent) => void
}

export type Deployer = ReturnType<typeof createDeployer>

/** Deploys CloudFormation templates to the services of the embedded cloud; one stack at a time. */
export function createDeployer(options: DeployerOptions) {
  const { folder, accountId, region, clock, services, assets, ownerCall, randomText = randomCapitals } = options
  const store = openStore(join(folder, 'stacks.db'))
  const records = createStackRecords(store)

  // biome-ignore lint/suspicious/noExplicitAny: outputs have the shape of the AWS API model
  async function call(service: string, operation: string, input: object): Promise<any> {
    const run = services[service]?.[operation]
    if (!run) throw new AwsError('NotImplemented', `The embedded cloud has no ${service}:${operation}`, 501)
    return run(input, ownerCall())
  }

  async function invoke(functionArn: string, event: object): Promise<string | undefined> {
    const Payload = Buffer.from(JSON.stringify(event))
    const output = await call('lambda', 'Invoke', { FunctionName: functionArn, Payload })
    return output.FunctionError && Buffer.from(output.Payload).toString()
  }

  function makeContext(stack: StackRecord, resource: ResourceRecord, resumed: boolean): ResourceContext {
    const { logicalId, type } = resource
    return {
      logicalId,
      accountId,
      region,
      resumed,
      generateName: (maxLength) => generateName(stack.name, logicalId, resource.nameSuffix, maxLength),
      call,
      publishInlineCode: assets.publishInlineCode,
      requestCustomResource: (request, timeoutSeconds) =>
        requestCustomResource(request, {
          stackId: stack.stackId,
          logicalId,
          resourceType: type,
          timeoutSeconds,
          secureContext: options.secureContext,
          invoke,
        }),
    }
  }

  const deployer: StackDeployer = { records, accountId, region, clock, randomText, makeContext }
  let last: Promise<unknown> = Promise.resolve()
  return {
    records,
    deploy({ assembly, stackName, parameters, onProgress }: Deployment): Promise<StackRecord> {
      const run = async () => {
        const stack = readAssembly(assembly, stackName)
        for (const code of stack.codeFolders) assets.publishFolder(code.key, code.folder)
        const { templateBody } = stack
        const extras = { ...(parameters && { parameters }), ...(onProgress && { onProgress }) }
        return deployStack({ stackName: stack.stackName, templateBody, ...extras }, deployer)
      }
      const result = last.then(run, run)
      last = result.catch(() => {})
      return result
    },
    /** The cloud listens elsewhere than before: what stacks say about it follows, and the next deployment passes it on. */
    moveEndpoints: records.moveEndpoints,
    close: store.close,
  }
}

function randomCapitals(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}
