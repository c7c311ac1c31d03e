import { promisify } from 'node:util'
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import db from 'dynalite/db/index.js'
import { formatObjectKey } from '#contract/object-key.ts'
import { toRow } from '#functions/stores/upload-row.ts'

const rowsPerBatch = 1000
/** A file each second, of as many things as that. */
export const seededThings = 10
const seedEndMs = Date.parse('2026-05-01T00:00:00Z')

/** What record-upload would log of a file; those with smaller numbers are older. */
export function seededUpload(index: number, count: number) {
  const thingName = `press-${index % seededThings}`
  const eventTime = new Date(seedEndMs - (count - index) * 1000).toISOString()
  const uploadId = index.toString(16).padStart(16, '0')
  return {
    thingName,
    event: 'created' as const,
    key: formatObjectKey({ thingName, day: eventTime.slice(0, 10), uploadId, name: 'readings.csv' }),
    versionId: uploadId.repeat(2),
    sizeBytes: 358,
    etag: uploadId.repeat(2),
    eventTime,
    loggedAt: eventTime,
    sequencer: index.toString(16).toUpperCase().padStart(18, '0'),
    certificateId: String(index % seededThings).repeat(64),
    sourceIp: '192.0.2.7',
    uploadId,
  }
}

/** Writes rows into the files of a cloud that is not running: through its API a million would take an hour. */
export async function seedUploadLog(path: string, tableName: string, count: number): Promise<void> {
  const store = db.create({ path })
  const table = await promisify(store.tableDb.get.bind(store.tableDb))(tableName)
  const indexes = table.GlobalSecondaryIndexes ?? []
  for (let start = 0; start < count; start += rowsPerBatch) {
    const items: Operation[] = []
    const ofIndex = new Map<string, Operation[]>(indexes.map(({ IndexName = '' }) => [IndexName, []]))
    for (let index = start; index < Math.min(start + rowsPerBatch, count); index++) {
      const value = toAttributes(toRow(seededUpload(index, count)))
      items.push({ type: 'put', key: db.createKey(value, table), value })
      for (const put of db.getIndexActions(indexes, null, value, table).puts) {
        ofIndex.get(put.index)?.push({ type: 'put', key: put.key, value: put.item })
      }
    }
    const writeItems = store.getItemDb(tableName)
    await promisify(writeItems.batch.bind(writeItems))(items)
    for (const [name, operations] of ofIndex) {
      const entries = store.getIndexDb('Global', tableName, name)
      if (operations.length > 0) await promisify(entries.batch.bind(entries))(operations)
    }
  }
  await store.db.close()
}

interface Operation {
  readonly type: 'put'
  readonly key: string
  readonly value: Record<string, AttributeValue>
}

function toAttributes(row: object): Record<string, AttributeValue> {
  const members = Object.entries(row).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    members.map(([name, value]) => [name, typeof value === 'number' ? { N: String(value) } : { S: String(value) }]),
  )
}
