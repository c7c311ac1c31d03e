import { z } from 'zod'
import { flag, tags, text } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

// Which actions exist is for AWS IoT to say: an action that it does not know is refused when the rule is created.
const action = z.record(z.string(), z.record(z.string(), z.unknown()))

const schema = z.strictObject({
  RuleName: z.string().optional(),
  Tags: tags.optional(),
  TopicRulePayload: z.strictObject({
    Actions: z.array(action),
    AwsIotSqlVersion: z.string().optional(),
    Description: text.optional(),
    ErrorAction: action.optional(),
    RuleDisabled: flag.optional(),
    Sql: z.string(),
  }),
})

export const topicRule = defineResource<z.infer<typeof schema>>({
  schema,
  attributes: ['Arn'],
  replacedBy: ['RuleName'],
  async create(properties, context) {
    const ruleName = properties.RuleName ?? context.generateName(128).replaceAll('-', '_')
    const topicRulePayload = decapitalize(properties.TopicRulePayload)
    await createOrAdopt(
      context,
      () => context.call('iot', 'CreateTopicRule', { ruleName, topicRulePayload }),
      () => context.call('iot', 'ReplaceTopicRule', { ruleName, topicRulePayload }),
    )
    return describe(ruleName, context)
  },
  async update(properties, { physicalId }, context) {
    const topicRulePayload = decapitalize(properties.TopicRulePayload)
    await context.call('iot', 'ReplaceTopicRule', { ruleName: physicalId, topicRulePayload })
    return describe(physicalId, context)
  },
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('iot', 'DeleteTopicRule', { ruleName: physicalId })),
})

/** The API names members as CloudFormation does, with a small first letter. */
function decapitalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decapitalize)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.charAt(0).toLowerCase() + key.slice(1), decapitalize(item)]),
  )
}

async function describe(ruleName: string, context: ResourceContext) {
  const { ruleArn } = await context.call('iot', 'GetTopicRule', { ruleName })
  return { physicalId: ruleName, attributes: { Arn: ruleArn } }
}
