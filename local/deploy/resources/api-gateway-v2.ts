import { z } from 'zod'
import { flag, integer, text } from '../property-schemas.ts'
import { defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const tagObject = z.record(z.string(), text)

const apiSchema = z.strictObject({
  CorsConfiguration: z
    .strictObject({
      AllowCredentials: flag.optional(),
      AllowHeaders: z.array(z.string()).optional(),
      AllowMethods: z.array(z.string()).optional(),
      AllowOrigins: z.array(z.string()).optional(),
      ExposeHeaders: z.array(z.string()).optional(),
      MaxAge: integer.optional(),
    })
    .optional(),
  Description: text.optional(),
  Name: z.string(),
  ProtocolType: z.literal('HTTP'),
  Tags: tagObject.optional(),
})

export const httpApi = defineResource<z.infer<typeof apiSchema>>({
  schema: apiSchema,
  attributes: ['ApiEndpoint', 'ApiId'],
  replacedBy: ['ProtocolType'],
  async create(properties, context) {
    const { Items } = await context.call('apigateway', 'GetApis', {})
    const made = context.resumed && Items.find((api: { Name: string }) => api.Name === properties.Name)
    return describeApi(made || (await context.call('apigateway', 'CreateApi', properties)))
  },
  update: async (properties, { physicalId }, context) =>
    describeApi(await context.call('apigateway', 'UpdateApi', { ...properties, ApiId: physicalId })),
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('apigateway', 'DeleteApi', { ApiId: physicalId })),
})

function describeApi({ ApiId, ApiEndpoint }: { ApiId: string; ApiEndpoint: string }) {
  return { physicalId: ApiId, attributes: { ApiId, ApiEndpoint } }
}

const integrationSchema = z.strictObject({
  ApiId: z.string(),
  Description: text.optional(),
  IntegrationMethod: z.literal('POST').optional(),
  IntegrationType: z.literal('AWS_PROXY'),
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
  TimeoutInMillis: integer.default(30_000),
})

export const httpApiIntegration = defineResource<z.infer<typeof integrationSchema>>({
  schema: integrationSchema,
  attributes: ['IntegrationId'],
  replacedBy: ['ApiId'],
  create: (properties, context) => putPart('Integration', properties, undefined, context),
  update: (properties, deployed, context) => putPart('Integration', properties, deployed.physicalId, context),
  remove: ({ physicalId, properties: { ApiId } }, context) =>
    ignoreAbsent(context.call('apigateway', 'DeleteIntegration', { ApiId, IntegrationId: physicalId })),
})

const routeSchema = z.strictObject({
  ApiId: z.string(),
  AuthorizationType: z.enum(['NONE', 'AWS_IAM']).default('NONE'),
  OperationName: z.string().optional(),
  RouteKey: z.string(),
  Target: z.string(),
})

export const httpApiRoute = defineResource<z.infer<typeof routeSchema>>({
  schema: routeSchema,
  attributes: ['RouteId'],
  replacedBy: ['ApiId'],
  create: (properties, context) => putPart('Route', properties, undefined, context),
  update: (properties, deployed, context) => putPart('Route', properties, deployed.physicalId, context),
  remove: ({ physicalId, properties: { ApiId } }, context) =>
    ignoreAbsent(context.call('apigateway', 'DeleteRoute', { ApiId, RouteId: physicalId })),
})

/** Creates or updates a part of an API, which has an id and no name. */
async function putPart(
  kind: 'Integration' | 'Route',
  properties: { ApiId: string },
  physicalId: string | undefined,
  context: ResourceContext,
) {
  const idName = `${kind}Id`
  const known = physicalId ?? (context.resumed && (await findPart(kind, properties, context)))
  const operation = known ? `Update${kind}` : `Create${kind}`
  const input = { ...properties, ...(known && { [idName]: known }) }
  const id: string = (await context.call('apigateway', operation, input))[idName]
  return { physicalId: id, attributes: { [idName]: id } }
}

/** What a cut-off try made: parts are told apart by their route, or by the function that they call. */
async function findPart(
  kind: 'Integration' | 'Route',
  properties: { ApiId: string; RouteKey?: string; IntegrationUri?: string },
  context: ResourceContext,
): Promise<string | undefined> {
  const { Items } = await context.call('apigateway', `Get${kind}s`, { ApiId: properties.ApiId })
  const found = Items.find((part: typeof properties) =>
    kind === 'Route' ? part.RouteKey === properties.RouteKey : part.IntegrationUri === properties.IntegrationUri,
  )
  return found?.[`${kind}Id`]
}

const stageSchema = z.strictObject({
  ApiId: z.string(),
  AutoDeploy: z.literal([true, 'true']).transform(() => true),
  DefaultRouteSettings: z
    .strictObject({
      DetailedMetricsEnabled: flag.optional(),
      ThrottlingBurstLimit: integer.optional(),
      ThrottlingRateLimit: z.number().optional(),
    })
    .optional(),
  Description: text.optional(),
  StageName: z.literal('$default'),
  Tags: tagObject.optional(),
})

export const httpApiStage = defineResource<z.infer<typeof stageSchema>>({
  schema: stageSchema,
  attributes: [],
  replacedBy: ['ApiId', 'StageName'],
  create: (properties, context) => putStage(properties, context),
  update: (properties, _deployed, context) => putStage(properties, context),
  remove: ({ physicalId, properties: { ApiId } }, context) =>
    ignoreAbsent(context.call('apigateway', 'DeleteStage', { ApiId, StageName: physicalId })),
})

async function putStage(properties: z.infer<typeof stageSchema>, context: ResourceContext) {
  const { ApiId, StageName } = properties
  const { Items } = await context.call('apigateway', 'GetStages', { ApiId })
  const exists = Items.some((stage: { StageName: string }) => stage.StageName === StageName)
  await context.call('apigateway', exists ? 'UpdateStage' : 'CreateStage', properties)
  return { physicalId: StageName }
}
