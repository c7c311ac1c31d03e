import { z } from 'zod'
import { integer, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({
  CredentialDurationSeconds: integer.default(3600),
  RoleAlias: z.string().optional(),
  RoleArn: z.string(),
  Tags: tags.optional(),
})
type Properties = z.infer<typeof schema>

export const roleAlias = defineResource<Properties>({
  schema,
  attributes: ['RoleAliasArn'],
  replacedBy: ['RoleAlias'],
  async create(properties, context) {
    const name = properties.RoleAlias ?? context.generateName(128)
    const input = { ...settings(name, properties), ...(properties.Tags && { tags: properties.Tags }) }
    await createOrAdopt(
      context,
      () => context.call('iot', 'CreateRoleAlias', input),
      () => context.call('iot', 'UpdateRoleAlias', settings(name, properties)),
    )
    return describe(name, context)
  },
  async update(properties, { physicalId }, context) {
    await context.call('iot', 'UpdateRoleAlias', settings(physicalId, properties))
    return describe(physicalId, context)
  },
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('iot', 'DeleteRoleAlias', { roleAlias: physicalId })),
})

function settings(name: string, { RoleArn, CredentialDurationSeconds }: Properties) {
  return { roleAlias: name, roleArn: RoleArn, credentialDurationSeconds: CredentialDurationSeconds }
}

async function describe(name: string, context: ResourceContext) {
  const { roleAliasDescription } = await context.call('iot', 'DescribeRoleAlias', { roleAlias: name })
  return { physicalId: name, attributes: { RoleAliasArn: roleAliasDescription.roleAliasArn } }
}
