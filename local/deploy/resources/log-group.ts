import { z } from 'zod'
import { integer, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({
  LogGroupName: z.string().optional(),
  LogGroupClass: z.enum(['STANDARD', 'INFREQUENT_ACCESS']).optional(),
  RetentionInDays: integer.optional(),
  Tags: tags.optional(),
})

export const logGroup = defineResource<z.infer<typeof schema>>({
  schema,
  attributes: ['Arn'],
  replacedBy: ['LogGroupName'],
  async create(properties, context) {
    const logGroupName = properties.LogGroupName ?? context.generateName(512)
    const create = () => context.call('logs', 'CreateLogGroup', { logGroupName })
    await createOrAdopt(context, create, async () => {})
    return putRetention(logGroupName, properties.RetentionInDays, context)
  },
  update: (properties, { physicalId }, context) => putRetention(physicalId, properties.RetentionInDays, context),
  remove: ({ physicalId }, context) =>
    ignoreAbsent(context.call('logs', 'DeleteLogGroup', { logGroupName: physicalId })),
})

async function putRetention(logGroupName: string, retentionInDays: number | undefined, context: ResourceContext) {
  if (retentionInDays === undefined) await context.call('logs', 'DeleteRetentionPolicy', { logGroupName })
  else await context.call('logs', 'PutRetentionPolicy', { logGroupName, retentionInDays })
  const Arn = `arn:aws:logs:${context.region}:${context.accountId}:log-group:${logGroupName}:*`
  return { physicalId: logGroupName, attributes: { Arn } }
}
