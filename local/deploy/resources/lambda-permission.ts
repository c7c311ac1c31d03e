import { z } from 'zod'
import { createOrAdopt, defineResource, ignoreAbsent } from '../resource-type.ts'

const schema = z.strictObject({
  Action: z.string(),
  FunctionName: z.string(),
  Principal: z.string(),
  PrincipalOrgID: z.string().optional(),
  SourceAccount: z.string().optional(),
  SourceArn: z.string().optional(),
})

export const permission = defineResource<z.infer<typeof schema>>({
  schema,
  attributes: ['Id'],
  replacedBy: ['Action', 'FunctionName', 'Principal', 'PrincipalOrgID', 'SourceAccount', 'SourceArn'],
  async create(properties, context) {
    const StatementId = context.generateName(100)
    const add = () => context.call('lambda', 'AddPermission', { ...properties, StatementId })
    await createOrAdopt(context, add, async () => {})
    return { physicalId: StatementId, attributes: { Id: StatementId } }
  },
  update: async (_properties, deployed) => deployed,
  remove: ({ physicalId, properties }, context) =>
    ignoreAbsent(
      context.call('lambda', 'RemovePermission', { FunctionName: properties.FunctionName, StatementId: physicalId }),
    ),
})
