import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { BatchWriteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { createLastUploads } from '#functions/record-upload/last-uploads.ts'
import { recordUploads } from '#functions/record-upload/record-uploads.ts'
import { createThingStore } from '#functions/stores/thing-store.ts'
import { createUploadLog } from '#functions/stores/upload-log.ts'
import { createUploadQuotas } from '#functions/stores/upload-quotas.ts'
import { partitionsOfFleet, toRow } from '#functions/stores/upload-row.ts'
import { createUploadStore } from '#functions/stores/upload-store.ts'
import { createOperator } from '#operator/index.ts'

import { s3Event } from '../test/s3-event.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { seededThings, seededUpload, seedUploadLog } from './harness/seed-upload-log.ts'
import { startLocal } from './harness/start-local.ts'
import { takeTurns } from './harness/take-turns.ts'

/** A million takes some ten minutes to write and 4 GB: BENCH_ROWS=1000000. */
const bigCount = Number(process.env.BENCH_ROWS ?? 200_000)
const smallCount = 1000
const pageRows = 100
const pagesPerTurn = 20
/** Read of the large log, page by page: the rate does not depend on how much more there is. */
const exportRows = Math.min(bigCount, 50_000)
const latencySamples = 100
const recordsPerTurn = 500
/** What Lambda gives record-upload at once. */
const messagesPerBatch = 10

const folder = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
const stateDir = join(folder, 'state')
let cloud = await startLocal(stateDir)
try {
  await measure()
} finally {
  await cloud.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

async function measure(): Promise<void> {
  const { Stacks } = await new CloudFormationClient(cloud.client).send(new DescribeStacksCommand({}))
  const output = (name: string) => Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue ?? ''
  const bigTable = output('UploadLogTable')
  const smallTable = 'small-log'
  const rows: Row[] = []
  rows.push(...(await measureRecording(bigTable, output('LedgerTable'), output('BucketName'))))
  rows.push(await measureLatency(output('ApiUrl'), output('BucketName')))

  await createSameTable(bigTable, smallTable)
  await cloud.stop()
  const seedBegin = performance.now()
  const tablesFolder = join(stateDir, 'dynamodb', 'tables')
  await seedUploadLog(tablesFolder, smallTable, smallCount)
  await seedUploadLog(tablesFolder, bigTable, bigCount)
  process.stderr.write(`seeded ${bigCount} rows in ${Math.round((performance.now() - seedBegin) / 1000)} s\n`)
  cloud = await startLocal(stateDir)
  rows.push(...(await measurePages(bigTable, smallTable)))
  rows.push(...(await measureExport(bigTable, output('ApiUrl'))))
  printTable('The upload log', rows)
}

function openTables() {
  return DynamoDBDocumentClient.from(new DynamoDBClient(cloud.client), {
    marshallOptions: { removeUndefinedValues: true },
  })
}

async function createSameTable(like: string, TableName: string): Promise<void> {
  const dynamodb = new DynamoDBClient(cloud.client)
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: like }))
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: Table?.AttributeDefinitions,
      KeySchema: Table?.KeySchema,
      GlobalSecondaryIndexes: Table?.GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
  )
}

/** Records a second: of busy things, and of things that each send a file now and then, whose last upload must be noted each time. */
async function measureRecording(tableName: string, ledger: string, bucket: string): Promise<Row[]> {
  const tables = openTables()
  const things = createThingStore(tables, ledger)
  const recording = {
    uploads: createUploadLog(tables, tableName),
    issued: createUploadStore(tables, tableName),
    quotas: createUploadQuotas(tables, tableName),
    noteLastUpload: createLastUploads(things),
    bucket,
    clock: () => new Date(),
  }
  for (let index = 0; index < seededThings; index++) {
    const { thingName, certificateId } = seededUpload(index, 0)
    await things.hold({ thingName, certificateId, attributes: {} }, new Date(0))
  }
  let drawn = 0
  let timeMs = Date.parse('2026-06-01T00:00:00Z')
  const draw = (apartMs: number) => {
    timeMs += apartMs
    return { ...seededUpload(drawn++, 1_000_000_000), eventTime: new Date(timeMs).toISOString() }
  }
  const rateOf = async (perCall: number, apartMs: number, call: (uploads: ReturnType<typeof draw>[]) => unknown) => {
    const begin = performance.now()
    for (let done = 0; done < recordsPerTurn; done += perCall) {
      await call(Array.from({ length: perCall }, () => draw(apartMs)))
    }
    return (recordsPerTurn / (performance.now() - begin)) * 1000
  }
  const record = (apartMs: number) => () =>
    rateOf(messagesPerBatch, apartMs, (uploads) =>
      recordUploads(
        recording,
        uploads.map(({ eventTime: time, event: _, ...upload }) => s3Event({ ...upload, bucket, time })),
      ),
    )
  const writeBare = (perCall: number) => () =>
    rateOf(perCall, 1, (uploads) => {
      const requests = uploads.map((upload) => ({ PutRequest: { Item: toRow(upload) } }))
      return tables.send(new BatchWriteCommand({ RequestItems: { [tableName]: requests } }))
    })
  const ConditionExpression = 'attribute_not_exists(thing)'
  const { median, ratio } = await takeTurns(
    {
      busy: record(1),
      calm: record(10_000),
      conditional: () =>
        rateOf(1, 1, ([upload]) =>
          tables.send(new PutCommand({ TableName: tableName, Item: upload && toRow(upload), ConditionExpression })),
        ),
      bare25: writeBare(25),
      bare10: writeBare(messagesPerBatch),
    },
    5,
  )
  const row = (
    ours: 'busy' | 'calm',
    peer: 'conditional' | 'bare25' | 'bare10',
    what: string,
    least?: number,
  ): Row => ({
    what:
      ours === 'busy'
        ? `records of ${seededThings} busy things, ${messagesPerBatch} messages a batch`
        : 'records of things that send a file now and then',
    ours: `${Math.round(median[ours])}/s`,
    peer: `${Math.round(median[peer])}/s ${what}`,
    ratio: ratio(ours, peer),
    ...(least !== undefined && { goal: { text: `≥ ${least}`, isMet: ratio(ours, peer) >= least } }),
  })
  const conditional = 'conditional puts, one at a time'
  return [
    row('busy', 'conditional', conditional, 3),
    row('busy', 'bare25', 'bare batch writes of 25', 0.6),
    row('busy', 'bare10', `bare batch writes of ${messagesPerBatch}`),
    row('calm', 'conditional', conditional),
  ]
}

/** From S3's acknowledgement of one file to a page of the log that has it. */
async function measureLatency(apiUrl: string, Bucket: string): Promise<Row> {
  const s3 = new S3Client({ ...cloud.client, forcePathStyle: true })
  const operator = createOperator({ ...cloud.client, apiUrl })
  const taken: number[] = []
  for (let sample = -5; sample < latencySamples; sample++) {
    const prefix = `things/latency/2026-05-01/${String(sample + 5).padStart(16, '0')}-`
    await s3.send(new PutObjectCommand({ Bucket, Key: `${prefix}a.csv`, Body: 'a,b\n1,2\n' }))
    const begin = performance.now()
    while ((await operator.uploads.list({ thing: 'latency', limit: 1 })).uploads[0]?.key.startsWith(prefix) !== true);
    if (sample >= 0) taken.push(performance.now() - begin)
  }
  const sorted = taken.sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
  return {
    what: 'from acknowledgement to row, one file at a time, p50 and p99',
    ours: `${at(0.5).toFixed(0)} ms, ${at(0.99).toFixed(0)} ms`,
    goal: { text: 'p99 < 250 ms', isMet: at(0.99) < 250 },
  }
}

async function measurePages(bigTable: string, smallTable: string): Promise<Row[]> {
  const tables = openTables()
  const range = { from: new Date(0), to: new Date('2027-01-01'), limit: pageRows }
  const msOf = (tableName: string, selection: { thingName?: string }) => async () => {
    const log = createUploadLog(tables, tableName)
    const begin = performance.now()
    for (let page = 0; page < pagesPerTurn; page++) {
      const { uploads } = await log.list({ ...range, ...selection })
      if (uploads.length !== pageRows) throw new Error(`a page of ${tableName} has ${uploads.length} rows`)
    }
    return (performance.now() - begin) / pagesPerTurn
  }
  const ofThing = { thingName: 'press-3' }
  const { median, ratio } = await takeTurns(
    {
      bigThing: msOf(bigTable, ofThing),
      smallThing: msOf(smallTable, ofThing),
      bigFleet: msOf(bigTable, {}),
      smallFleet: msOf(smallTable, {}),
    },
    7,
  )
  const row = (whose: string, big: 'bigThing' | 'bigFleet', small: 'smallThing' | 'smallFleet'): Row => ({
    what: `page one of ${pageRows} rows ${whose}, of ${bigCount} rows`,
    ours: `${median[big].toFixed(1)} ms`,
    peer: `${median[small].toFixed(1)} ms of ${smallCount} rows`,
    ratio: ratio(big, small),
    goal: { text: '≤ 1.3', isMet: ratio(big, small) <= 1.3 },
  })
  return [row('of one thing', 'bigThing', 'smallThing'), row('of the fleet', 'bigFleet', 'smallFleet')]
}

/** The whole way of `uploads export`, beside queries that only read the table; and what it keeps in memory. */
async function measureExport(tableName: string, apiUrl: string): Promise<Row[]> {
  const tables = openTables()
  const operator = createOperator({ ...cloud.client, apiUrl })
  const heaps: number[] = []
  const { median, ratio } = await takeTurns(
    {
      exported: async () => {
        const begin = performance.now()
        let read = 0
        for await (const { uploads } of operator.uploads.pages({}, { limit: exportRows })) {
          for (const upload of uploads) read += JSON.stringify(upload).length > 0 ? 1 : 0
          if (read % 10_000 === 0) {
            globalThis.gc?.()
            heaps.push(process.memoryUsage().heapUsed)
          }
        }
        return (read / (performance.now() - begin)) * 1000
      },
      bare: async () => {
        const begin = performance.now()
        let read = 0
        for (const partition of partitionsOfFleet('created')) {
          let after: Record<string, unknown> | undefined
          let inPartition = 0
          do {
            const page = await tables.send(
              new QueryCommand({
                TableName: tableName,
                IndexName: 'fleet',
                KeyConditionExpression: 'fleetShard = :partition',
                ExpressionAttributeValues: { ':partition': partition },
                ScanIndexForward: false,
                ExclusiveStartKey: after,
              }),
            )
            inPartition += page.Items?.length ?? 0
            after = page.LastEvaluatedKey
          } while (after && inPartition < exportRows / 8)
          read += inPartition
        }
        return (read / (performance.now() - begin)) * 1000
      },
    },
    2,
    60_000,
  )
  const half = heaps.length >> 1
  const most = (values: readonly number[]) => Math.max(...values)
  const growth = most(heaps.slice(half)) / most(heaps.slice(0, half))
  return [
    {
      what: `export through the API, the newest ${exportRows} of ${bigCount} rows`,
      ours: `${Math.round(median.exported)}/s`,
      peer: `${Math.round(median.bare)}/s bare queries`,
      ratio: ratio('exported', 'bare'),
      goal: { text: '≥ 0.5', isMet: ratio('exported', 'bare') >= 0.5 },
    },
    {
      what: 'the most memory in its second half, beside the first',
      ours: `${(most(heaps.slice(half)) / 1e6).toFixed(0)} MB`,
      peer: `${(most(heaps.slice(0, half)) / 1e6).toFixed(0)} MB`,
      ratio: growth,
      goal: { text: '≤ 1.2', isMet: growth <= 1.2 },
    },
  ]
}
