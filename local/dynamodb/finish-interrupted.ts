import { promisify } from 'node:util'
import type { TableDescription } from '@aws-sdk/client-dynamodb'
import deleteTable from 'dynalite/actions/deleteTable.js'
import type { DynaliteStore } from 'dynalite/db/index.js'
import { backfillIndex, changeTable } from './change-indexes.ts'

/** dynalite ends what it began with a table by a timer; a process that was killed left it half-way for ever. */
export async function finishInterrupted(store: DynaliteStore): Promise<void> {
  const tables: TableDescription[] = []
  for await (const table of store.tableDb.createValueStream()) tables.push(table)
  for (const { TableName = '', TableStatus, GlobalSecondaryIndexes = [] } of tables) {
    if (TableStatus === 'DELETING') {
      await promisify(deleteTable)(store, { TableName })
      continue
    }
    for (const { IndexName = '', Backfilling } of GlobalSecondaryIndexes) {
      if (Backfilling) await backfillIndex(store, TableName, IndexName)
    }
    const unfinished = [TableStatus, ...GlobalSecondaryIndexes.map(({ IndexStatus }) => IndexStatus)]
    if (unfinished.every((status) => status === 'ACTIVE')) continue
    await changeTable(store, TableName, (table) => ({
      ...table,
      TableStatus: 'ACTIVE',
      ...(table.GlobalSecondaryIndexes && {
        GlobalSecondaryIndexes: table.GlobalSecondaryIndexes.map((index) => ({
          ...index,
          IndexStatus: 'ACTIVE' as const,
        })),
      }),
    }))
  }
}
