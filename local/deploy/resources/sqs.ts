import { z } from 'zod'
import { flag, integer, policyDocument, tagMap, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource, ignoreAbsent, type ResourceContext } from '../resource-type.ts'

const queueSchema = z.strictObject({
  DelaySeconds: integer.default(0),
  FifoQueue: flag.optional(),
  KmsMasterKeyId: z.string().optional(),
  MaximumMessageSize: integer.optional(),
  MessageRetentionPeriod: integer.default(345_600),
  QueueName: z.string().optional(),
  ReceiveMessageWaitTimeSeconds: integer.default(0),
  RedriveAllowPolicy: policyDocument.optional(),
  RedrivePolicy: policyDocument.optional(),
  SqsManagedSseEnabled: flag.optional(),
  Tags: tags.optional(),
  VisibilityTimeout: integer.default(30),
})
type Queue = z.infer<typeof queueSchema>

export const queue = defineResource<Queue>({
  schema: queueSchema,
  attributes: ['Arn', 'QueueName', 'QueueUrl'],
  replacedBy: ['QueueName', 'FifoQueue'],
  async create(properties, context) {
    const QueueName = properties.QueueName ?? context.generateName(80)
    const Attributes = queueAttributes(properties)
    const QueueUrl = await createOrAdopt(
      context,
      async () => {
        const input = { QueueName, Attributes, tags: tagMap(properties.Tags) }
        return (await context.call('sqs', 'CreateQueue', input)).QueueUrl
      },
      async () => {
        const { QueueUrl } = await context.call('sqs', 'GetQueueUrl', { QueueName })
        await context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes })
        return QueueUrl
      },
    )
    return describeQueue(QueueUrl, context)
  },
  async update(properties, { physicalId, properties: before }, context) {
    const wanted = queueAttributes(properties)
    const cleared = Object.keys(queueAttributes(before)).filter((name) => !(name in wanted))
    const Attributes = { ...Object.fromEntries(cleared.map((name) => [name, ''])), ...wanted }
    await context.call('sqs', 'SetQueueAttributes', { QueueUrl: physicalId, Attributes })
    if (properties.Tags) {
      await context.call('sqs', 'TagQueue', { QueueUrl: physicalId, Tags: tagMap(properties.Tags) })
    }
    return describeQueue(physicalId, context)
  },
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('sqs', 'DeleteQueue', { QueueUrl: physicalId })),
})

function queueAttributes({ QueueName: _name, Tags: _tags, ...attributes }: Queue): Record<string, string> {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  )
}

async function describeQueue(QueueUrl: string, context: ResourceContext) {
  const { Attributes } = await context.call('sqs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] })
  const QueueName = QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1)
  return { physicalId: QueueUrl, attributes: { Arn: Attributes.QueueArn, QueueName, QueueUrl } }
}

const queuePolicySchema = z.strictObject({ PolicyDocument: policyDocument, Queues: z.array(z.string()) })
type QueuePolicy = z.infer<typeof queuePolicySchema>

export const queuePolicy = defineResource<QueuePolicy>({
  schema: queuePolicySchema,
  attributes: ['Id'],
  replacedBy: [],
  async create(properties, context) {
    await putPolicy(properties.Queues, JSON.stringify(properties.PolicyDocument), context)
    const physicalId = context.generateName(80)
    return { physicalId, attributes: { Id: physicalId } }
  },
  async update(properties, deployed, context) {
    await putPolicy(properties.Queues, JSON.stringify(properties.PolicyDocument), context)
    const left = deployed.properties.Queues.filter((url) => !properties.Queues.includes(url))
    await putPolicy(left, '', context)
    return deployed
  },
  remove: ({ properties }, context) => putPolicy(properties.Queues, '', context),
})

async function putPolicy(queueUrls: readonly string[], Policy: string, context: ResourceContext): Promise<void> {
  for (const QueueUrl of queueUrls) {
    const put = context.call('sqs', 'SetQueueAttributes', { QueueUrl, Attributes: { Policy } })
    await (Policy === '' ? ignoreAbsent(put) : put)
  }
}
