import { z } from 'zod'
import { policyDocument, text } from '../property-schemas.ts'
import {
  createOrAdopt,
  type DeployedResource,
  defineResource,
  ignoreAbsent,
  type ResourceContext,
} from '../resource-type.ts'

const holders = {
  Roles: z.array(z.string()).default([]),
  Users: z.array(z.string()).default([]),
}

const policySchema = z.strictObject({ PolicyName: z.string(), PolicyDocument: policyDocument, ...holders })
type Policy = z.infer<typeof policySchema>

/** An inline policy of the roles and users that it names. */
export const policy = defineResource<Policy>({
  schema: policySchema,
  attributes: ['Id'],
  replacedBy: [],
  async create(properties, context) {
    await putInline(properties, context)
    return { physicalId: properties.PolicyName, attributes: { Id: properties.PolicyName } }
  },
  async update(properties, deployed, context) {
    await putInline(properties, context)
    const renamed = properties.PolicyName !== deployed.properties.PolicyName
    await deleteInline(deployed.properties, renamed ? { Roles: [], Users: [] } : properties, context)
    return { physicalId: properties.PolicyName, attributes: { Id: properties.PolicyName } }
  },
  remove: ({ properties }, context) => deleteInline(properties, { Roles: [], Users: [] }, context),
})

async function putInline({ PolicyName, PolicyDocument, Roles, Users }: Policy, context: ResourceContext) {
  const input = { PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) }
  for (const RoleName of Roles) await context.call('iam', 'PutRolePolicy', { ...input, RoleName })
  for (const UserName of Users) await context.call('iam', 'PutUserPolicy', { ...input, UserName })
}

async function deleteInline(from: Policy, except: Pick<Policy, 'Roles' | 'Users'>, context: ResourceContext) {
  const { PolicyName } = from
  for (const RoleName of from.Roles.filter((name) => !except.Roles.includes(name))) {
    await ignoreAbsent(context.call('iam', 'DeleteRolePolicy', { PolicyName, RoleName }))
  }
  for (const UserName of from.Users.filter((name) => !except.Users.includes(name))) {
    await ignoreAbsent(context.call('iam', 'DeleteUserPolicy', { PolicyName, UserName }))
  }
}

const managedSchema = z.strictObject({
  Description: text.optional(),
  ManagedPolicyName: z.string().optional(),
  Path: z.string().default('/'),
  PolicyDocument: policyDocument,
  ...holders,
})
type Managed = z.infer<typeof managedSchema>

export const managedPolicy = defineResource<Managed>({
  schema: managedSchema,
  attributes: ['PolicyArn'],
  replacedBy: ['ManagedPolicyName', 'Path', 'Description'],
  async create(properties, context) {
    const PolicyName = properties.ManagedPolicyName ?? context.generateName(128)
    const PolicyDocument = JSON.stringify(properties.PolicyDocument)
    const PolicyArn = await createOrAdopt(
      context,
      async () => {
        const { Path, Description } = properties
        const input = { PolicyName, PolicyDocument, Path, ...(Description && { Description }) }
        const { Policy } = await context.call('iam', 'CreatePolicy', input)
        return Policy.Arn as string
      },
      async () => {
        const arn = `arn:aws:iam::${context.accountId}:policy${properties.Path}${PolicyName}`
        await putVersion(arn, PolicyDocument, context)
        return arn
      },
    )
    return attach(PolicyArn, properties, undefined, context)
  },
  async update(properties, deployed, context) {
    await putVersion(deployed.physicalId, JSON.stringify(properties.PolicyDocument), context)
    return attach(deployed.physicalId, properties, deployed, context)
  },
  async remove({ physicalId, properties }, context) {
    const PolicyArn = physicalId
    await detach(PolicyArn, properties, { Roles: [], Users: [] }, context)
    await ignoreAbsent(context.call('iam', 'DeletePolicy', { PolicyArn }))
  },
})

/** A managed policy keeps five versions; only the one in force matters to a stack. */
async function putVersion(PolicyArn: string, PolicyDocument: string, context: ResourceContext) {
  await context.call('iam', 'CreatePolicyVersion', { PolicyArn, PolicyDocument, SetAsDefault: true })
  const { Versions } = await context.call('iam', 'ListPolicyVersions', { PolicyArn })
  for (const { VersionId, IsDefaultVersion } of Versions) {
    if (!IsDefaultVersion) await context.call('iam', 'DeletePolicyVersion', { PolicyArn, VersionId })
  }
}

async function attach(
  PolicyArn: string,
  properties: Managed,
  deployed: DeployedResource<Managed> | undefined,
  context: ResourceContext,
) {
  for (const RoleName of properties.Roles) await context.call('iam', 'AttachRolePolicy', { PolicyArn, RoleName })
  for (const UserName of properties.Users) await context.call('iam', 'AttachUserPolicy', { PolicyArn, UserName })
  if (deployed) await detach(PolicyArn, deployed.properties, properties, context)
  return { physicalId: PolicyArn, attributes: { PolicyArn } }
}

async function detach(
  PolicyArn: string,
  from: Managed,
  except: Pick<Managed, 'Roles' | 'Users'>,
  context: ResourceContext,
) {
  for (const RoleName of from.Roles.filter((name) => !except.Roles.includes(name))) {
    await ignoreAbsent(context.call('iam', 'DetachRolePolicy', { PolicyArn, RoleName }))
  }
  for (const UserName of from.Users.filter((name) => !except.Users.includes(name))) {
    await ignoreAbsent(context.call('iam', 'DetachUserPolicy', { PolicyArn, UserName }))
  }
}
