import { z } from 'zod'
import { policyDocument } from '../property-schemas.ts'
import { defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const schema = z.strictObject({ Bucket: z.string(), PolicyDocument: policyDocument })
type Properties = z.infer<typeof schema>

export const bucketPolicy = defineResource<Properties>({
  schema,
  attributes: [],
  replacedBy: ['Bucket'],
  create: (properties, context) => putPolicy(properties, context),
  update: (properties, _deployed, context) => putPolicy(properties, context),
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('s3', 'DeleteBucketPolicy', { Bucket: physicalId })),
})

async function putPolicy({ Bucket, PolicyDocument }: Properties, context: ResourceContext) {
  await context.call('s3', 'PutBucketPolicy', { Bucket, Policy: JSON.stringify(PolicyDocument) })
  return { physicalId: Bucket }
}
