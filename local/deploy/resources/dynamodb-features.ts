import { setTimeout } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { GlobalSecondaryIndexDescription } from '@aws-sdk/client-dynamodb'
import { z } from 'zod'
import type { tags } from '../property-schemas.ts'
import { ignoreAbsent, type ResourceContext } from '../resource-type.ts'

export const keySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }))

export const projection = z.strictObject({
  NonKeyAttributes: z.array(z.string()).optional(),
  ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
})

interface Index {
  readonly IndexName: string
  readonly KeySchema: unknown
  readonly Projection: unknown
}

interface TableShape {
  readonly AttributeDefinitions: unknown
  readonly BillingMode: string
  readonly ProvisionedThroughput?: { ReadCapacityUnits: number; WriteCapacityUnits: number } | undefined
  readonly GlobalSecondaryIndexes?: readonly Index[] | undefined
}

/** Brings billing and global indexes of an existing table to what is wanted; DynamoDB takes one index at a time. */
export async function updateTable(TableName: string, wanted: TableShape, context: ResourceContext): Promise<void> {
  const { Table } = await waitUntilActive(TableName, context)
  const billing = Table.BillingModeSummary?.BillingMode ?? 'PROVISIONED'
  const { ReadCapacityUnits, WriteCapacityUnits } = Table.ProvisionedThroughput
  const isRetuned =
    wanted.ProvisionedThroughput !== undefined &&
    !isDeepStrictEqual({ ReadCapacityUnits, WriteCapacityUnits }, { ...wanted.ProvisionedThroughput })
  if (billing !== wanted.BillingMode || isRetuned) {
    const { BillingMode, ProvisionedThroughput } = wanted
    const input = { TableName, BillingMode, ...(ProvisionedThroughput && { ProvisionedThroughput }) }
    await context.call('dynamodb', 'UpdateTable', input)
    await waitUntilActive(TableName, context)
  }

  const indexes: GlobalSecondaryIndexDescription[] = Table.GlobalSecondaryIndexes ?? []
  const wantedIndexes = wanted.GlobalSecondaryIndexes ?? []
  const { AttributeDefinitions } = wanted
  for (const { IndexName } of indexes) {
    if (wantedIndexes.some((index) => index.IndexName === IndexName)) continue
    const GlobalSecondaryIndexUpdates = [{ Delete: { IndexName } }]
    await context.call('dynamodb', 'UpdateTable', { TableName, GlobalSecondaryIndexUpdates })
    await waitUntilActive(TableName, context)
  }
  for (const index of wantedIndexes) {
    const found = indexes.find(({ IndexName }) => IndexName === index.IndexName)
    if (found && isSameIndex(found, index)) continue
    if (found) throw new Error(`Index ${index.IndexName} changed: give the changed index a new name`)
    const input = { TableName, AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: index }] }
    await context.call('dynamodb', 'UpdateTable', input)
    await waitUntilActive(TableName, context)
  }
}

function isSameIndex(found: GlobalSecondaryIndexDescription, index: Index): boolean {
  return isDeepStrictEqual([found.KeySchema, found.Projection], [index.KeySchema, index.Projection])
}

interface TableFeatures {
  readonly DeletionProtectionEnabled: boolean
  readonly PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled: boolean } | undefined
  readonly Tags?: z.infer<typeof tags> | undefined
  readonly TimeToLiveSpecification?: { AttributeName?: string | undefined; Enabled: boolean } | undefined
}

/** What DynamoDB sets by calls of its own, once the table is there. */
export async function setTableFeatures(TableName: string, features: TableFeatures, context: ResourceContext) {
  const { Table } = await waitUntilActive(TableName, context)
  const { DeletionProtectionEnabled } = features
  if (Boolean(Table.DeletionProtectionEnabled) !== DeletionProtectionEnabled) {
    await context.call('dynamodb', 'UpdateTable', { TableName, DeletionProtectionEnabled })
  }
  await context.call('dynamodb', 'UpdateContinuousBackups', {
    TableName,
    PointInTimeRecoverySpecification: features.PointInTimeRecoverySpecification ?? {
      PointInTimeRecoveryEnabled: false,
    },
  })
  await setTimeToLive(TableName, features, context)
  if (features.Tags) {
    await context.call('dynamodb', 'TagResource', { ResourceArn: Table.TableArn, Tags: features.Tags })
  }
}

async function setTimeToLive(
  TableName: string,
  { TimeToLiveSpecification: wanted }: TableFeatures,
  context: ResourceContext,
) {
  const { TimeToLiveDescription: current } = await context.call('dynamodb', 'DescribeTimeToLive', { TableName })
  const isEnabled = current.TimeToLiveStatus === 'ENABLED'
  const isWanted = wanted?.Enabled ?? false
  if (isEnabled === isWanted && (!isWanted || current.AttributeName === wanted?.AttributeName)) return
  const TimeToLiveSpecification = isWanted ? wanted : { AttributeName: current.AttributeName, Enabled: false }
  await context.call('dynamodb', 'UpdateTimeToLive', { TableName, TimeToLiveSpecification })
}

export async function describeTable(TableName: string, context: ResourceContext) {
  const { Table } = await waitUntilActive(TableName, context)
  return { physicalId: TableName, attributes: { Arn: Table.TableArn, TableId: Table.TableId } }
}

export async function removeTable(TableName: string, context: ResourceContext): Promise<void> {
  await ignoreAbsent(context.call('dynamodb', 'DeleteTable', { TableName }))
}

async function waitUntilActive(TableName: string, context: ResourceContext) {
  for (;;) {
    const output = await context.call('dynamodb', 'DescribeTable', { TableName })
    const indexes: GlobalSecondaryIndexDescription[] = output.Table.GlobalSecondaryIndexes ?? []
    const parts = [output.Table.TableStatus, ...indexes.map((index) => index.IndexStatus)]
    if (parts.every((status) => status === 'ACTIVE')) return output
    await setTimeout(5)
  }
}
