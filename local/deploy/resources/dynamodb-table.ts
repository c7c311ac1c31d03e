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

const throughput = z.strictObject({ ReadCapacityUnits: integer, WriteCapacityUnits: integer })
const index = z.strictObject({ IndexName: z.string(), KeySchema: keySchema, Projection: projection })

const schema = z.strictObject({
  AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) })),
  BillingMode: z.enum(['PAY_PER_REQUEST', 'PROVISIONED']).default('PROVISIONED'),
  DeletionProtectionEnabled: flag.default(false),
  GlobalSecondaryIndexes: z.array(index.extend({ ProvisionedThroughput: throughput.optional() })).optional(),
  KeySchema: keySchema,
  LocalSecondaryIndexes: z.array(index).optional(),
  PointInTimeRecoverySpecification: z
    .strictObject({ PointInTimeRecoveryEnabled: flag, RecoveryPeriodInDays: integer.optional() })
    .optional(),
  ProvisionedThroughput: throughput.optional(),
  SSESpecification: z.strictObject({ SSEEnabled: flag }).optional(),
  TableClass: z.literal('STANDARD').optional(),
  TableName: z.string().optional(),
  Tags: tags.optional(),
  TimeToLiveSpecification: z.strictObject({ AttributeName: z.string().optional(), Enabled: flag }).optional(),
})
type Properties = z.infer<typeof schema>

export const table = defineResource<Properties>({
  schema,
  attributes: ['Arn', 'TableId'],
  replacedBy: ['TableName', 'KeySchema', 'LocalSecondaryIndexes'],
  async create(properties, context) {
    const TableName = properties.TableName ?? context.generateName(255)
    const { AttributeDefinitions, BillingMode, KeySchema, ProvisionedThroughput } = properties
    const input = {
      TableName,
      AttributeDefinitions,
      BillingMode,
      KeySchema,
      ...(ProvisionedThroughput && { ProvisionedThroughput }),
      ...(properties.GlobalSecondaryIndexes && { GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes }),
      ...(properties.LocalSecondaryIndexes && { LocalSecondaryIndexes: properties.LocalSecondaryIndexes }),
    }
    await createOrAdopt(
      context,
      () => context.call('dynamodb', 'CreateTable', input),
      () => updateTable(TableName, properties, context),
    )
    await setTableFeatures(TableName, properties, context)
    return describeTable(TableName, context)
  },
  async update(properties, { physicalId }, context) {
    await updateTable(physicalId, properties, context)
    await setTableFeatures(physicalId, properties, context)
    return describeTable(physicalId, context)
  },
  remove: ({ physicalId }, context) => removeTable(physicalId, context),
})
