import { z } from 'zod'
import { tags, text } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'
import { removedTagKeys } from './removed-tag-keys.ts'

const schema = z.strictObject({
  ParentGroupName: z.string().optional(),
  Tags: tags.optional(),
  ThingGroupName: z.string().optional(),
  ThingGroupProperties: z
    .strictObject({
      AttributePayload: z.strictObject({ Attributes: z.record(z.string(), text).optional() }).optional(),
      ThingGroupDescription: text.optional(),
    })
    .optional(),
})
type Properties = z.infer<typeof schema>

export const thingGroup = defineResource<Properties>({
  schema,
  attributes: ['Arn', 'Id'],
  replacedBy: ['ParentGroupName', 'ThingGroupName'],
  async create(properties, context) {
    const thingGroupName = properties.ThingGroupName ?? context.generateName(128)
    const { ParentGroupName, Tags } = properties
    const input = {
      thingGroupName,
      thingGroupProperties: settings(properties),
      ...(ParentGroupName !== undefined && { parentGroupName: ParentGroupName }),
      ...(Tags && { tags: Tags }),
    }
    await createOrAdopt(
      context,
      () => context.call('iot', 'CreateThingGroup', input),
      () => updateGroup(thingGroupName, properties, context),
    )
    return describe(thingGroupName, context)
  },
  async update(properties, { physicalId, properties: before }, context) {
    await updateGroup(physicalId, properties, context)
    const made = await describe(physicalId, context)
    const resourceArn = made.attributes.Arn
    const tagKeys = removedTagKeys(before.Tags, properties.Tags)
    if (properties.Tags) await context.call('iot', 'TagResource', { resourceArn, tags: properties.Tags })
    if (tagKeys.length > 0) await context.call('iot', 'UntagResource', { resourceArn, tagKeys })
    return made
  },
  remove: ({ physicalId }, context) =>
    ignoreAbsent(context.call('iot', 'DeleteThingGroup', { thingGroupName: physicalId })),
})

function settings({ ThingGroupProperties }: Properties) {
  const { AttributePayload, ThingGroupDescription } = ThingGroupProperties ?? {}
  return {
    attributePayload: { attributes: AttributePayload?.Attributes ?? {} },
    ...(ThingGroupDescription !== undefined && { thingGroupDescription: ThingGroupDescription }),
  }
}

function updateGroup(thingGroupName: string, properties: Properties, context: ResourceContext): Promise<unknown> {
  // What is not said again is taken away.
  const thingGroupProperties = { thingGroupDescription: '', ...settings(properties) }
  return context.call('iot', 'UpdateThingGroup', { thingGroupName, thingGroupProperties })
}

async function describe(thingGroupName: string, context: ResourceContext) {
  const { thingGroupArn, thingGroupId } = await context.call('iot', 'DescribeThingGroup', { thingGroupName })
  return { physicalId: thingGroupName, attributes: { Arn: thingGroupArn, Id: thingGroupId } }
}
