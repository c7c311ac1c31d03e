import { z } from 'zod'
import { integer, policyDocument, tags, text } from '../property-schemas.ts'
import {
  createOrAdopt,
  type DeployedResource,
  defineResource,
  ignoreAbsent,
  type ResourceContext,
} from '../resource-type.ts'

const schema = z.strictObject({
  AssumeRolePolicyDocument: policyDocument,
  Description: text.optional(),
  ManagedPolicyArns: z.array(z.string()).default([]),
  MaxSessionDuration: integer.default(3600),
  Path: z.string().default('/'),
  PermissionsBoundary: z.string().optional(),
  Policies: z.array(z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument })).default([]),
  RoleName: z.string().optional(),
  Tags: tags.default([]),
})
type Properties = z.infer<typeof schema>

export const role = defineResource<Properties>({
  schema,
  attributes: ['Arn', 'RoleId'],
  replacedBy: ['RoleName', 'Path'],
  async create(properties, context) {
    const RoleName = properties.RoleName ?? context.generateName(64)
    const adopt = () => updateRole(RoleName, properties, context)
    const create = () =>
      context.call('iam', 'CreateRole', {
        RoleName,
        AssumeRolePolicyDocument: JSON.stringify(properties.AssumeRolePolicyDocument),
        Path: properties.Path,
        MaxSessionDuration: properties.MaxSessionDuration,
        Tags: properties.Tags,
        ...(properties.Description && { Description: properties.Description }),
        ...(properties.PermissionsBoundary && { PermissionsBoundary: properties.PermissionsBoundary }),
      })
    await createOrAdopt(context, create, adopt)
    return grant(RoleName, properties, undefined, context)
  },
  async update(properties, deployed, context) {
    await updateRole(deployed.physicalId, properties, context)
    return grant(deployed.physicalId, properties, deployed, context)
  },
  async remove({ physicalId, properties }, context) {
    const RoleName = physicalId
    for (const { PolicyName } of properties.Policies) {
      await ignoreAbsent(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }))
    }
    for (const PolicyArn of properties.ManagedPolicyArns) {
      await ignoreAbsent(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }))
    }
    await ignoreAbsent(context.call('iam', 'DeleteRole', { RoleName }))
  },
})

async function updateRole(RoleName: string, properties: Properties, context: ResourceContext): Promise<void> {
  const { MaxSessionDuration, Description = '', PermissionsBoundary, Tags } = properties
  await context.call('iam', 'UpdateRole', { RoleName, MaxSessionDuration, Description })
  const PolicyDocument = JSON.stringify(properties.AssumeRolePolicyDocument)
  await context.call('iam', 'UpdateAssumeRolePolicy', { RoleName, PolicyDocument })
  if (PermissionsBoundary) {
    await context.call('iam', 'PutRolePermissionsBoundary', { RoleName, PermissionsBoundary })
  } else {
    await ignoreAbsent(context.call('iam', 'DeleteRolePermissionsBoundary', { RoleName }))
  }
  if (Tags.length > 0) await context.call('iam', 'TagRole', { RoleName, Tags })
}

/** Puts the policies that the properties name, and takes away those that only the deployed ones name. */
async function grant(
  RoleName: string,
  { Policies, ManagedPolicyArns }: Properties,
  deployed: DeployedResource<Properties> | undefined,
  context: ResourceContext,
) {
  for (const { PolicyName, PolicyDocument } of Policies) {
    const input = { RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) }
    await context.call('iam', 'PutRolePolicy', input)
  }
  for (const PolicyArn of ManagedPolicyArns) await context.call('iam', 'AttachRolePolicy', { RoleName, PolicyArn })
  for (const { PolicyName } of deployed?.properties.Policies ?? []) {
    if (Policies.some((policy) => policy.PolicyName === PolicyName)) continue
    await ignoreAbsent(context.call('iam', 'DeleteRolePolicy', { RoleName, PolicyName }))
  }
  for (const PolicyArn of deployed?.properties.ManagedPolicyArns ?? []) {
    if (ManagedPolicyArns.includes(PolicyArn)) continue
    await ignoreAbsent(context.call('iam', 'DetachRolePolicy', { RoleName, PolicyArn }))
  }
  const { Role } = await context.call('iam', 'GetRole', { RoleName })
  return { physicalId: RoleName, attributes: { Arn: Role.Arn, RoleId: Role.RoleId } }
}
