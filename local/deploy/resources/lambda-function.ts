import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { integer, tagMap, tags, text } from '../property-schemas.ts'
import {
  createOrAdopt,
  type DeployedResource,
  defineResource,
  ignoreAbsent,
  type ResourceContext,
} from '../resource-type.ts'

const schema = z.strictObject({
  Architectures: z.array(z.enum(['arm64', 'x86_64'])).optional(),
  Code: z.union([z.strictObject({ S3Bucket: z.string(), S3Key: z.string() }), z.strictObject({ ZipFile: z.string() })]),
  DeadLetterConfig: z.strictObject({ TargetArn: z.string() }).optional(),
  Description: text.optional(),
  Environment: z.strictObject({ Variables: z.record(z.string(), text) }).optional(),
  EphemeralStorage: z.strictObject({ Size: integer }).optional(),
  FunctionName: z.string().optional(),
  Handler: z.string(),
  LoggingConfig: z
    .strictObject({
      ApplicationLogLevel: z.string().optional(),
      LogFormat: z.enum(['JSON', 'Text']).optional(),
      LogGroup: z.string().optional(),
      SystemLogLevel: z.string().optional(),
    })
    .optional(),
  MemorySize: integer.default(128),
  ReservedConcurrentExecutions: integer.optional(),
  Role: z.string(),
  Runtime: z.string(),
  Tags: tags.optional(),
  Timeout: integer.default(3),
  TracingConfig: z.strictObject({ Mode: z.enum(['Active', 'PassThrough']) }).optional(),
})
type Properties = z.infer<typeof schema>

export const lambdaFunction = defineResource<Properties>({
  schema,
  attributes: ['Arn'],
  replacedBy: ['FunctionName'],
  async create(properties, context) {
    const FunctionName = properties.FunctionName ?? context.generateName(64)
    const input = {
      ...configuration(properties),
      FunctionName,
      Architectures: properties.Architectures ?? ['x86_64'],
      Code: codeOf(properties, context),
      Tags: tagMap(properties.Tags),
    }
    await createOrAdopt(
      context,
      () => context.call('lambda', 'CreateFunction', input),
      () => updateFunction(FunctionName, properties, undefined, context),
    )
    return reserveConcurrency(FunctionName, properties, context)
  },
  async update(properties, deployed, context) {
    await updateFunction(deployed.physicalId, properties, deployed, context)
    return reserveConcurrency(deployed.physicalId, properties, context)
  },
  remove: ({ physicalId }, context) =>
    ignoreAbsent(context.call('lambda', 'DeleteFunction', { FunctionName: physicalId })),
})

async function updateFunction(
  FunctionName: string,
  properties: Properties,
  deployed: DeployedResource<Properties> | undefined,
  context: ResourceContext,
): Promise<void> {
  if (!isDeepStrictEqual(deployed?.properties.Code, properties.Code)) {
    const { Architectures = ['x86_64'] } = properties
    const input = { FunctionName, Architectures, ...codeOf(properties, context) }
    await context.call('lambda', 'UpdateFunctionCode', input)
  }
  await context.call('lambda', 'UpdateFunctionConfiguration', { FunctionName, ...configuration(properties) })
}

async function reserveConcurrency(FunctionName: string, properties: Properties, context: ResourceContext) {
  const { ReservedConcurrentExecutions } = properties
  if (ReservedConcurrentExecutions === undefined) {
    await context.call('lambda', 'DeleteFunctionConcurrency', { FunctionName })
  } else {
    await context.call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions })
  }
  const { FunctionArn } = await context.call('lambda', 'GetFunctionConfiguration', { FunctionName })
  return { physicalId: FunctionName, attributes: { Arn: FunctionArn } }
}

/** What UpdateFunctionConfiguration takes; a property that left the template goes back to its default. */
function configuration(properties: Properties): object {
  const { Handler, Role, Runtime, MemorySize, Timeout, TracingConfig, DeadLetterConfig, EphemeralStorage } = properties
  return {
    Handler,
    Role,
    Runtime,
    MemorySize,
    Timeout,
    Description: properties.Description ?? '',
    Environment: properties.Environment ?? { Variables: {} },
    LoggingConfig: properties.LoggingConfig ?? { LogFormat: 'Text' },
    TracingConfig: TracingConfig ?? { Mode: 'PassThrough' },
    EphemeralStorage: EphemeralStorage ?? { Size: 512 },
    ...(DeadLetterConfig && { DeadLetterConfig }),
  }
}

function codeOf({ Code }: Properties, context: ResourceContext): { S3Bucket: string; S3Key: string } {
  return 'ZipFile' in Code ? context.publishInlineCode(Code.ZipFile) : Code
}
