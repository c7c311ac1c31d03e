import type { AttributeDefinition, GlobalSecondaryIndexUpdate, TableDescription } from '@aws-sdk/client-dynamodb'
import { AwsError } from '#local/service.ts'
import type { RunTask } from './engine.ts'
import type { CallEngine } from './reap-expired-items.ts'
import {
  describeContinuousBackups,
  describeTimeToLive,
  type SettingsStore,
  updateContinuousBackups,
  updateTimeToLive,
} from './table-settings.ts'

export interface TableOperationsOptions {
  readonly callEngine: CallEngine
  readonly run: RunTask
  readonly settings: SettingsStore
  readonly clock: () => Date
}

export interface TableInput {
  readonly TableName: string
  readonly DeletionProtectionEnabled?: boolean
  readonly GlobalSecondaryIndexUpdates?: readonly GlobalSecondaryIndexUpdate[]
  readonly AttributeDefinitions?: readonly AttributeDefinition[]
  readonly SSESpecification?: unknown
  readonly Tags?: unknown
}

export type TableOperation = (input: TableInput) => Promise<unknown>

/** Operations on tables, where the engine does less than DynamoDB. */
export function createTableOperations(options: TableOperationsOptions): Record<string, TableOperation> {
  const { callEngine, run, settings, clock } = options

  const describeTable = async (TableName: string) => {
    const { Table } = await callEngine<{ Table: TableDescription }>('DescribeTable', { TableName })
    return { ...Table, DeletionProtectionEnabled: settings.get(TableName).deletionProtection }
  }

  /** The engine's UpdateTable accepts new and removed indexes, and does nothing about them. */
  async function changeIndexes(
    { TableName: table = '', GlobalSecondaryIndexes = [] }: TableDescription,
    updates: readonly GlobalSecondaryIndexUpdate[],
    attributes: readonly AttributeDefinition[],
  ): Promise<void> {
    const exists = (name: string | undefined) => GlobalSecondaryIndexes.some(({ IndexName }) => IndexName === name)
    for (const { Create: index, Delete } of updates) {
      if (index && exists(index.IndexName)) {
        throw new AwsError(
          'ValidationException',
          `Attempting to create an index which already exists: ${index.IndexName}`,
        )
      }
      if (index) await run({ kind: 'add-index', table, index, attributes })
      if (Delete && !exists(Delete.IndexName)) {
        throw new AwsError('ResourceNotFoundException', `Requested resource not found: Index ${Delete.IndexName}`)
      }
      if (Delete?.IndexName) await run({ kind: 'remove-index', table, index: Delete.IndexName })
    }
  }

  return {
    async CreateTable({ DeletionProtectionEnabled = false, Tags, SSESpecification: _always, ...input }) {
      const output = await callEngine<{ TableDescription: TableDescription }>('CreateTable', input)
      settings.put(input.TableName, { deletionProtection: DeletionProtectionEnabled })
      if (Tags) await callEngine('TagResource', { ResourceArn: output.TableDescription.TableArn, Tags })
      return { TableDescription: { ...output.TableDescription, DeletionProtectionEnabled } }
    },
    async UpdateTable({ DeletionProtectionEnabled, SSESpecification: _always, ...input }) {
      const { TableName, GlobalSecondaryIndexUpdates = [], AttributeDefinitions = [], ...others } = input
      const tunings = GlobalSecondaryIndexUpdates.filter(({ Update }) => Update)
      if (Object.keys(others).length > 0 || tunings.length > 0) {
        const updates = tunings.length > 0 && { GlobalSecondaryIndexUpdates: tunings }
        await callEngine('UpdateTable', { TableName, ...others, ...updates })
      }
      const table = await describeTable(TableName)
      await changeIndexes(table, GlobalSecondaryIndexUpdates, AttributeDefinitions)
      if (DeletionProtectionEnabled !== undefined) {
        settings.put(TableName, { ...settings.get(TableName), deletionProtection: DeletionProtectionEnabled })
      }
      return { TableDescription: await describeTable(TableName) }
    },
    async DeleteTable({ TableName }) {
      if (settings.get(TableName).deletionProtection) {
        const message = `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.`
        throw new AwsError('ValidationException', message)
      }
      const output = await callEngine('DeleteTable', { TableName })
      settings.delete(TableName)
      return output
    },
    DescribeTable: async ({ TableName }) => ({ Table: await describeTable(TableName) }),
    async UpdateTimeToLive(input) {
      await describeTable(input.TableName)
      return updateTimeToLive(settings, input)
    },
    async DescribeTimeToLive({ TableName }) {
      await describeTable(TableName)
      return describeTimeToLive(settings, TableName)
    },
    async UpdateContinuousBackups(input) {
      await describeTable(input.TableName)
      return updateContinuousBackups(settings, input, clock())
    },
    async DescribeContinuousBackups({ TableName }) {
      await describeTable(TableName)
      return describeContinuousBackups(settings, TableName, clock())
    },
  }
}
