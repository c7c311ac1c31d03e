import { z } from 'zod'
import { flag, tags, text } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({
  DeprecateThingType: flag.default(false),
  Tags: tags.optional(),
  ThingTypeName: z.string().optional(),
  ThingTypeProperties: z
    .strictObject({ SearchableAttributes: z.array(z.string()).optional(), ThingTypeDescription: text.optional() })
    .optional(),
})
type Properties = z.infer<typeof schema>

export const thingType = defineResource<Properties>({
  schema,
  attributes: ['Arn', 'Id'],
  replacedBy: ['ThingTypeName', 'ThingTypeProperties'],
  async create(properties, context) {
    const thingTypeName = properties.ThingTypeName ?? context.generateName(128)
    const { SearchableAttributes, ThingTypeDescription } = properties.ThingTypeProperties ?? {}
    const input = {
      thingTypeName,
      thingTypeProperties: {
        ...(SearchableAttributes && { searchableAttributes: SearchableAttributes }),
        ...(ThingTypeDescription !== undefined && { thingTypeDescription: ThingTypeDescription }),
      },
      ...(properties.Tags && { tags: properties.Tags }),
    }
    await createOrAdopt(
      context,
      () => context.call('iot', 'CreateThingType', input),
      async () => {},
    )
    return deprecate(thingTypeName, properties, context)
  },
  update: (properties, { physicalId }, context) => deprecate(physicalId, properties, context),
  async remove({ physicalId }, context) {
    const thingTypeName = physicalId
    await ignoreAbsent(context.call('iot', 'DeprecateThingType', { thingTypeName }))
    await ignoreAbsent(context.call('iot', 'DeleteThingType', { thingTypeName }))
  },
})

async function deprecate(thingTypeName: string, properties: Properties, context: ResourceContext) {
  const { thingTypeArn, thingTypeId, thingTypeMetadata } = await context.call('iot', 'DescribeThingType', {
    thingTypeName,
  })
  if (Boolean(thingTypeMetadata?.deprecated) !== properties.DeprecateThingType) {
    const undoDeprecate = !properties.DeprecateThingType
    await context.call('iot', 'DeprecateThingType', { thingTypeName, undoDeprecate })
  }
  return { physicalId: thingTypeName, attributes: { Arn: thingTypeArn, Id: thingTypeId } }
}
