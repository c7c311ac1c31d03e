import { z } from 'zod'
import { flag, integer, tagMap, tags } from '../property-schemas.ts'
import { defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({
  BatchSize: integer.optional(),
  Enabled: flag.optional(),
  EventSourceArn: z.string(),
  FilterCriteria: z.strictObject({ Filters: z.array(z.strictObject({ Pattern: z.string() })) }).optional(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).optional(),
  MaximumBatchingWindowInSeconds: integer.optional(),
  ScalingConfig: z.strictObject({ MaximumConcurrency: integer.optional() }).optional(),
  Tags: tags.optional(),
})
type Properties = z.infer<typeof schema>

export const eventSourceMapping = defineResource<Properties>({
  schema,
  attributes: ['Id', 'EventSourceMappingArn'],
  replacedBy: ['EventSourceArn'],
  async create(properties, context) {
    const found = context.resumed ? await findMapping(properties, context) : undefined
    const input = { ...properties, Tags: tagMap(properties.Tags) }
    const mapping = found
      ? await updateMapping(found, properties, context)
      : await context.call('lambda', 'CreateEventSourceMapping', input)
    return describe(mapping)
  },
  update: async (properties, { physicalId }, context) => describe(await updateMapping(physicalId, properties, context)),
  remove: ({ physicalId }, context) =>
    ignoreAbsent(context.call('lambda', 'DeleteEventSourceMapping', { UUID: physicalId })),
})

function updateMapping(
  UUID: string,
  { EventSourceArn: _fixed, Tags: _tags, ...properties }: Properties,
  context: ResourceContext,
) {
  const cleared = { FunctionResponseTypes: [], ScalingConfig: {}, FilterCriteria: { Filters: [] } }
  return context.call('lambda', 'UpdateEventSourceMapping', { ...cleared, ...properties, UUID })
}

async function findMapping(
  { FunctionName, EventSourceArn }: Properties,
  context: ResourceContext,
): Promise<string | undefined> {
  const input = { FunctionName, EventSourceArn }
  return (await context.call('lambda', 'ListEventSourceMappings', input)).EventSourceMappings[0]?.UUID
}

function describe({ UUID, EventSourceMappingArn }: { UUID: string; EventSourceMappingArn: string }) {
  return { physicalId: UUID, attributes: { Id: UUID, EventSourceMappingArn } }
}
