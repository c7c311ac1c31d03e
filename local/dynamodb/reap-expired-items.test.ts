import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startEngine } from './engine.ts'
import { type CallEngine, reapExpiredItems } from './reap-expired-items.ts'

test('only items whose time to live has passed go', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'reaper-'))
  const engine = startEngine({ folder, accountId: '000000000000', region: 'us-east-1', log: () => {} })
  onTestFinished(async () => {
    await engine.close()
    rmSync(folder, { recursive: true })
  })
  const call: CallEngine = async (operation, input) => {
    const { status, body } = await engine.request(operation, JSON.stringify(input))
    if (status !== 200) throw new Error(body.toString())
    return JSON.parse(body.toString())
  }
  const TableName = 'claims'
  await call('CreateTable', {
    TableName,
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    BillingMode: 'PAY_PER_REQUEST',
  })
  await expect
    .poll(
      async () => (await call<{ Table: { TableStatus: string } }>('DescribeTable', { TableName })).Table.TableStatus,
    )
    .toBe('ACTIVE')
  const times = { past: { N: '99' }, now: { N: '100' }, text: { S: '1' } }
  for (const [pk, expires] of Object.entries(times))
    await call('PutItem', { TableName, Item: { pk: { S: pk }, expires } })
  await call('PutItem', { TableName, Item: { pk: { S: 'never' } } })
  expect(await reapExpiredItems(call, { table: TableName, attribute: 'expires' }, new Date(100_000))).toBe(1)
  const { Items } = await call<{ Items: { pk: { S: string } }[] }>('Scan', { TableName })
  expect(Items.map(({ pk }) => pk.S).sort()).toEqual(['never', 'now', 'text'])
})
