import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { AttributeDefinition, GlobalSecondaryIndex, TableDescription } from '@aws-sdk/client-dynamodb'
import db, { type DynaliteStore } from 'dynalite/db/index.js'

/** Requests that read their table before an index was added to it have ended by then. */
const settleMs = 100

/**
 * Adds a global index to a table that exists, which dynalite's UpdateTable only pretends to do. Writes maintain the
 * index from the start; then the items that were there are added. Cut off, it goes on with `backfillIndex`.
 */
export async function addIndex(
  store: DynaliteStore,
  tableName: string,
  index: GlobalSecondaryIndex,
  attributes: readonly AttributeDefinition[],
): Promise<void> {
  await changeTable(store, tableName, (table) => {
    const known = new Set(table.AttributeDefinitions?.map(({ AttributeName }) => AttributeName))
    const added = attributes.filter(({ AttributeName }) => !known.has(AttributeName))
    return {
      ...table,
      AttributeDefinitions: [...(table.AttributeDefinitions ?? []), ...added],
      GlobalSecondaryIndexes: [
        ...(table.GlobalSecondaryIndexes ?? []),
        {
          ProvisionedThroughput: { ReadCapacityUnits: 0, WriteCapacityUnits: 0, NumberOfDecreasesToday: 0 },
          ...index,
          IndexArn: `${table.TableArn}/index/${index.IndexName}`,
          IndexSizeBytes: 0,
          ItemCount: 0,
          IndexStatus: 'CREATING',
          Backfilling: true,
        },
      ],
    }
  })
  await setTimeout(settleMs)
  await backfillIndex(store, tableName, index.IndexName ?? '')
}

export async function backfillIndex(store: DynaliteStore, tableName: string, indexName: string): Promise<void> {
  const table = await readTable(store, tableName)
  const index = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === indexName)
  if (!index) return
  const items = store.getItemDb(tableName)
  const entries = store.getIndexDb('Global', tableName, indexName)
  const read = promisify(items.get.bind(items))
  const put = promisify(entries.put.bind(entries))
  for await (const listed of items.createValueStream()) {
    const key = db.createKey(listed, table)
    await withLock(items, key, async () => {
      // Under the lock once more: the item may have changed or gone since it was listed.
      const item = await read(key).catch(() => undefined)
      if (!item) return
      for (const entry of db.getIndexActions([index], null, item, table).puts) await put(entry.key, entry.item)
    })
  }
  await changeTable(store, tableName, (current) => ({
    ...current,
    GlobalSecondaryIndexes: current.GlobalSecondaryIndexes?.map(({ Backfilling, ...each }) =>
      each.IndexName === indexName
        ? { ...each, IndexStatus: 'ACTIVE' as const }
        : { ...each, ...(Backfilling && { Backfilling }) },
    ),
  }))
}

export async function removeIndex(store: DynaliteStore, tableName: string, indexName: string): Promise<void> {
  await changeTable(store, tableName, ({ GlobalSecondaryIndexes = [], ...table }) => {
    const left = GlobalSecondaryIndexes.filter(({ IndexName }) => IndexName !== indexName)
    return { ...table, ...(left.length > 0 && { GlobalSecondaryIndexes: left }) }
  })
  await promisify(store.deleteIndexDb.bind(store))('Global', tableName, indexName)
}

export function readTable(store: DynaliteStore, tableName: string): Promise<TableDescription> {
  return promisify(store.tableDb.get.bind(store.tableDb))(tableName)
}

export function changeTable(
  store: DynaliteStore,
  tableName: string,
  change: (table: TableDescription) => TableDescription,
): Promise<void> {
  return withLock(store.tableDb, tableName, async () => {
    const put = promisify(store.tableDb.put.bind(store.tableDb))
    await put(tableName, change(await readTable(store, tableName)))
  })
}

function withLock(
  collection: Pick<DynaliteStore['tableDb'], 'lock'>,
  key: string,
  work: () => Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    collection.lock(key, (release) => {
      work().then(release(resolve), (error) => release(() => reject(error))())
    })
  })
}
