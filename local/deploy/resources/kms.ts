import { z } from 'zod'
import { flag, integer, policyDocument, tagMap, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const keySchema = z.strictObject({
  Description: z.string().optional(),
  Enabled: flag.default(true),
  EnableKeyRotation: flag.optional(),
  KeyPolicy: policyDocument.optional(),
  KeySpec: z.string().default('SYMMETRIC_DEFAULT'),
  KeyUsage: z.string().default('ENCRYPT_DECRYPT'),
  MultiRegion: flag.default(false),
  PendingWindowInDays: integer.default(30),
  Tags: tags.optional(),
})

/** The tag by which a second try finds the key that a cut-off one made: keys have no name. */
const creationTag = 'cloudformation:physical-name'

export const key = defineResource<z.infer<typeof keySchema>>({
  schema: keySchema,
  attributes: ['Arn', 'KeyId'],
  replacedBy: ['KeySpec', 'KeyUsage', 'MultiRegion'],
  async create(properties, context) {
    const found = context.resumed ? await findKey(context) : undefined
    const keyId = found ?? (await createKey(properties, context))
    return configureKey(keyId, properties, context)
  },
  update: (properties, deployed, context) => configureKey(deployed.physicalId, properties, context),
  async remove({ physicalId, properties }, context) {
    const input = { KeyId: physicalId, PendingWindowInDays: properties.PendingWindowInDays }
    await ignoreAbsent(context.call('kms', 'ScheduleKeyDeletion', input))
  },
})

async function createKey(properties: z.infer<typeof keySchema>, context: ResourceContext): Promise<string> {
  const { KeyMetadata } = await context.call('kms', 'CreateKey', {
    KeySpec: properties.KeySpec,
    KeyUsage: properties.KeyUsage,
    ...(properties.MultiRegion && { MultiRegion: true }),
    ...(properties.KeyPolicy && { Policy: JSON.stringify(properties.KeyPolicy) }),
    Tags: [{ TagKey: creationTag, TagValue: context.generateName(256) }],
  })
  return KeyMetadata.KeyId
}

async function configureKey(keyId: string, properties: z.infer<typeof keySchema>, context: ResourceContext) {
  const { KeyMetadata } = await context.call('kms', 'DescribeKey', { KeyId: keyId })
  if (properties.KeyPolicy) {
    const input = { KeyId: keyId, PolicyName: 'default', Policy: JSON.stringify(properties.KeyPolicy) }
    await context.call('kms', 'PutKeyPolicy', input)
  }
  if (properties.Description !== undefined) {
    await context.call('kms', 'UpdateKeyDescription', { KeyId: keyId, Description: properties.Description })
  }
  if (properties.EnableKeyRotation) await context.call('kms', 'EnableKeyRotation', { KeyId: keyId })
  if (KeyMetadata.Enabled !== properties.Enabled) {
    await context.call('kms', properties.Enabled ? 'EnableKey' : 'DisableKey', { KeyId: keyId })
  }
  const tagList = Object.entries(tagMap(properties.Tags)).map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
  if (tagList.length > 0) await context.call('kms', 'TagResource', { KeyId: keyId, Tags: tagList })
  return { physicalId: keyId, attributes: { Arn: KeyMetadata.Arn, KeyId: keyId } }
}

async function findKey(context: ResourceContext): Promise<string | undefined> {
  const { Keys } = await context.call('kms', 'ListKeys', {})
  for (const { KeyId } of Keys) {
    const { Tags } = await context.call('kms', 'ListResourceTags', { KeyId })
    const mine = (tag: { TagKey: string; TagValue: string }) =>
      tag.TagKey === creationTag && tag.TagValue === context.generateName(256)
    if (Tags.some(mine)) return KeyId
  }
  return undefined
}

const aliasSchema = z.strictObject({ AliasName: z.string(), TargetKeyId: z.string() })

export const keyAlias = defineResource<z.infer<typeof aliasSchema>>({
  schema: aliasSchema,
  attributes: [],
  replacedBy: ['AliasName'],
  async create(properties, context) {
    await createOrAdopt(
      context,
      () => context.call('kms', 'CreateAlias', properties),
      () => context.call('kms', 'UpdateAlias', properties),
    )
    return { physicalId: properties.AliasName }
  },
  async update(properties, _deployed, context) {
    await context.call('kms', 'UpdateAlias', properties)
    return { physicalId: properties.AliasName }
  },
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('kms', 'DeleteAlias', { AliasName: physicalId })),
})
