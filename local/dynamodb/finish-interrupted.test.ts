import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TableDescription } from '@aws-sdk/client-dynamodb'
import db from 'dynalite/db/index.js'
import { expect, onTestFinished, test } from 'vitest'
import { addIndex, readTable } from './change-indexes.ts'
import { finishInterrupted } from './finish-interrupted.ts'

test('tables that a killed process left half-way are finished', async () => {
  const path = mkdtempSync(join(tmpdir(), 'interrupted-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  const store = db.create({ path })
  const put = promisify(store.tableDb.put.bind(store.tableDb))
  const table = (TableName: string, more: Partial<TableDescription>): TableDescription => ({
    TableName,
    TableArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${TableName}`,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    TableStatus: 'ACTIVE',
    ...more,
  })
  await put(
    'creating',
    table('creating', { TableStatus: 'CREATING', GlobalSecondaryIndexes: [{ IndexStatus: 'CREATING' }] }),
  )
  await put('deleting', table('deleting', { TableStatus: 'DELETING' }))
  await put('indexing', table('indexing', {}))
  const items = store.getItemDb('indexing')
  const item = { pk: { S: 'a' }, color: { S: 'red' } }
  await promisify(items.put.bind(items))(db.createKey(item, table('indexing', {})), item)
  const index = {
    IndexName: 'colors',
    KeySchema: [{ AttributeName: 'color', KeyType: 'HASH' as const }],
    Projection: { ProjectionType: 'ALL' as const },
  }
  const adding = addIndex(store, 'indexing', index, [{ AttributeName: 'color', AttributeType: 'S' }])
  await finishInterrupted(store)
  await adding

  const created = await readTable(store, 'creating')
  expect([created.TableStatus, created.GlobalSecondaryIndexes?.[0]?.IndexStatus]).toEqual(['ACTIVE', 'ACTIVE'])
  await expect.poll(() => readTable(store, 'deleting')).toBeUndefined()
  const indexed = await readTable(store, 'indexing')
  expect(indexed.GlobalSecondaryIndexes?.[0]).toMatchObject({ IndexName: 'colors', IndexStatus: 'ACTIVE' })
  const entries = []
  for await (const entry of store.getIndexDb('Global', 'indexing', 'colors').createValueStream()) entries.push(entry)
  expect(entries).toEqual([item])
})
