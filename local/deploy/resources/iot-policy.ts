import { z } from 'zod'
import { policyDocument, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({
  PolicyDocument: policyDocument,
  PolicyName: z.string().optional(),
  Tags: tags.optional(),
})

export const iotPolicy = defineResource<z.infer<typeof schema>>({
  schema,
  attributes: ['Arn', 'Id'],
  replacedBy: ['PolicyName'],
  async create(properties, context) {
    const policyName = properties.PolicyName ?? context.generateName(128)
    const policyDocument = JSON.stringify(properties.PolicyDocument)
    await createOrAdopt(
      context,
      () => {
        const input = { policyName, policyDocument, ...(properties.Tags && { tags: properties.Tags }) }
        return context.call('iot', 'CreatePolicy', input)
      },
      () => putVersion(policyName, policyDocument, context),
    )
    return describe(policyName, context)
  },
  async update(properties, { physicalId }, context) {
    await putVersion(physicalId, JSON.stringify(properties.PolicyDocument), context)
    return describe(physicalId, context)
  },
  async remove({ physicalId }, context) {
    const policyName = physicalId
    const absent = { targets: [] }
    const { targets } = await context.call('iot', 'ListTargetsForPolicy', { policyName }).catch(() => absent)
    for (const target of targets) await ignoreAbsent(context.call('iot', 'DetachPolicy', { policyName, target }))
    await ignoreAbsent(deleteOtherVersions(policyName, context))
    await ignoreAbsent(context.call('iot', 'DeletePolicy', { policyName }))
  },
})

async function putVersion(policyName: string, policyDocument: string, context: ResourceContext): Promise<void> {
  await deleteOtherVersions(policyName, context)
  await context.call('iot', 'CreatePolicyVersion', { policyName, policyDocument, setAsDefault: true })
}

/** A policy keeps five versions; the stack needs only the one in force. */
async function deleteOtherVersions(policyName: string, context: ResourceContext): Promise<void> {
  const { policyVersions } = await context.call('iot', 'ListPolicyVersions', { policyName })
  for (const { versionId, isDefaultVersion } of policyVersions) {
    const input = { policyName, policyVersionId: versionId }
    if (!isDefaultVersion) await context.call('iot', 'DeletePolicyVersion', input)
  }
}

async function describe(policyName: string, context: ResourceContext) {
  const { policyArn } = await context.call('iot', 'GetPolicy', { policyName })
  return { physicalId: policyName, attributes: { Arn: policyArn, Id: policyName } }
}
