import { z } from 'zod'
import { policyDocument, tags, text } from '../property-schemas.ts'
import { defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'
import { removedTagKeys } from './removed-tag-keys.ts'

const target = z.strictObject({
  Arn: z.string(),
  Id: z.string(),
  Input: z.string().optional(),
  InputPath: z.string().optional(),
})

const schema = z.strictObject({
  Description: text.optional(),
  EventBusName: z.literal('default', 'the embedded cloud has the default event bus only').optional(),
  EventPattern: policyDocument.optional(),
  Name: z.string().optional(),
  ScheduleExpression: z.string().optional(),
  State: z.string().optional(),
  Tags: tags.optional(),
  Targets: z.array(target).default([]),
})
type Properties = z.infer<typeof schema>

export const eventsRule = defineResource<Properties>({
  schema,
  attributes: ['Arn'],
  replacedBy: ['Name', 'EventBusName'],
  create: (properties, context) => putRule(properties.Name ?? context.generateName(64), properties, [], context),
  update: (properties, { physicalId, properties: before }, context) =>
    putRule(physicalId, properties, removedTagKeys(before.Tags, properties.Tags), context),
  async remove({ physicalId }, context) {
    await ignoreAbsent(putTargets(physicalId, [], context))
    await context.call('events', 'DeleteRule', { Name: physicalId })
  },
})

async function putRule(
  Name: string,
  { Name: _name, EventPattern, Tags, Targets, ...settings }: Properties,
  tagsToRemove: readonly string[],
  context: ResourceContext,
) {
  const given = Object.entries({ ...settings, EventPattern: EventPattern && JSON.stringify(EventPattern) })
  const { RuleArn } = await context.call('events', 'PutRule', {
    Name,
    ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
  })
  if (Tags) await context.call('events', 'TagResource', { ResourceARN: RuleArn, Tags })
  if (tagsToRemove.length > 0) {
    await context.call('events', 'UntagResource', { ResourceARN: RuleArn, TagKeys: tagsToRemove })
  }
  await putTargets(Name, Targets, context)
  return { physicalId: Name, attributes: { Arn: RuleArn } }
}

/** Those that are there and not wanted go first: a rule has five targets at most. */
async function putTargets(Rule: string, Targets: Properties['Targets'], context: ResourceContext): Promise<void> {
  const { Targets: current } = await context.call('events', 'ListTargetsByRule', { Rule })
  const Ids = (current as { Id: string }[])
    .map(({ Id }) => Id)
    .filter((id) => !Targets.some((wanted) => wanted.Id === id))
  if (Ids.length > 0) await context.call('events', 'RemoveTargets', { Rule, Ids })
  if (Targets.length > 0) await context.call('events', 'PutTargets', { Rule, Targets })
}
