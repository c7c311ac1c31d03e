import { z } from 'zod'
import { flag, integer, tags } from '../property-schemas.ts'
import { createOrAdopt, defineResource } from '../resource-type.ts'
import {
  describeTable,
  keySchema,
  projection,
  removeTable,
  setTableFeatures,
  updateTable,
} from './dynamodb-features.ts'

const index = z.strictObject({ IndexName: z.string(), KeySchema: keySchema, Projection: projection })

const replica = z.strictObject({
  DeletionProtectionEnabled: flag.default(false),
  GlobalSecondaryIndexes: z.array(z.strictObject({ IndexName: z.string() })).optional(),
  PointInTimeRecoverySpecification: z
    .strictObject({ PointInTimeRecoveryEnabled: flag, RecoveryPeriodInDays: integer.optional() })
    .optional(),
  Region: z.string(),
  TableClass: z.literal('STANDARD').optional(),
  Tags: tags.optional(),
})

const schema = z.strictObject({
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  GlobalSecondaryIndexes: z.array(index).optional(),
  KeySchema: keySchema,
  LocalSecondaryIndexes: z.array(index).optional(),
  Replicas: z.tuple([replica], 'the embedded cloud has one region, so a table has one replica'),
  SSESpecification: z.strictObject({ SSEEnabled: flag, SSEType: z.string().optional() }).optional(),
  TableName: z.string().optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().optional(), Enabled: flag }).optional(),
})

/** What CDK's TableV2 makes: a table whose settings stand in its one replica. */
export const globalTable = defineResource<z.infer<typeof schema>>({
  schema,
  attributes: ['Arn', 'TableId'],
  replacedBy: ['TableName', 'KeySchema', 'LocalSecondaryIndexes'],
  async create(properties, context) {
    const TableName = properties.TableName ?? context.generateName(255)
    const { AttributeDefinitions, BillingMode, KeySchema } = properties
    const input = {
      TableName,
      AttributeDefinitions,
      BillingMode,
      KeySchema,
      ...(properties.GlobalSecondaryIndexes && { GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes }),
      ...(properties.LocalSecondaryIndexes && { LocalSecondaryIndexes: properties.LocalSecondaryIndexes }),
    }
    await createOrAdopt(
      context,
      () => context.call('dynamodb', 'CreateTable', input),
      () => updateTable(TableName, properties, context),
    )
    await setTableFeatures(TableName, { ...properties.Replicas[0], ...properties }, context)
    return describeTable(TableName, context)
  },
  async update(properties, { physicalId }, context) {
    await updateTable(physicalId, properties, context)
    await setTableFeatures(physicalId, { ...properties.Replicas[0], ...properties }, context)
    return describeTable(physicalId, context)
  },
  remove: ({ physicalId }, context) => removeTable(physicalId, context),
})
