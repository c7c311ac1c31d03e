import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { createUploadRequestSchema } from '#contract/uploads-api.ts'
import { issueUpload } from '#functions/issue-upload/issue-upload.ts'
import type { Issuing } from '#functions/issue-upload/issuing.ts'
import { listParts } from '#functions/issue-upload/list-parts.ts'
import { createUrlSigner } from '#functions/issue-upload/url-signer.ts'
import { parseRequest } from '#functions/runtime/http-handler.ts'
import { createUploadQuotas } from '#functions/stores/upload-quotas.ts'
import { createUploadStore, type IssuedUpload } from '#functions/stores/upload-store.ts'
import { printTable } from './harness/print-table.ts'
import { createSdkPresigner } from './harness/sdk-presigner.ts'
import { startCloud } from './harness/start-cloud.ts'
import { takeTurns } from './harness/take-turns.ts'

const rounds = 7
const urlsPerTurn = 1000
const uploadsPerTurn = 300
const lanes = 16
const ratioGoal = 0.6

const cloud = await startCloud()
const { client } = cloud
const credentials = { ...client.credentials, sessionToken: 'x'.repeat(360) }
const TableName = 'upload-log'
const dynamodb = new DynamoDBClient(client)
await dynamodb.send(
  new CreateTableCommand({
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['thing', 'position', 'listing', 'listed'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'thing', KeyType: 'HASH' },
      { AttributeName: 'position', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'listings',
        KeySchema: [
          { AttributeName: 'listing', KeyType: 'HASH' },
          { AttributeName: 'listed', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  }),
)
const tables = DynamoDBDocumentClient.from(dynamodb, { marshallOptions: { removeUndefinedValues: true } })

let drawn = 0
const file = { name: 'readings.csv', sizeBytes: 358, contentType: 'text/csv', crc32: 'AAAAAA==' }
const onTable: Issuing = {
  uploads: createUploadStore(tables, TableName),
  quotas: createUploadQuotas(tables, TableName),
  limits: { maxOpen: 1_000_000, maxBytesPerDay: 2 ** 50 },
  // No upload here goes in parts that S3 must know of.
  multipart: {} as Issuing['multipart'],
  urls: createUrlSigner({
    bucket: 'uploads',
    bucketUrl: `${client.endpoint}/uploads`,
    region: client.region,
    credentials,
  }),
  urlSeconds: 900,
  multipartSeconds: 86_400,
  clock: () => new Date(),
  drawId: () => (drawn++).toString(16).padStart(16, '0'),
}
/** The same without the table: what is left is the handler's own work. */
const inMemory: Issuing = {
  ...onTable,
  uploads: { ...onTable.uploads, add: async () => true, find: async () => large },
  quotas: { ...onTable.quotas, take: async () => true },
}
const large: IssuedUpload = {
  thingName: 'press-1',
  uploadId: '0123456789abcdef',
  key: 'things/press-1/2026-05-01/0123456789abcdef-large.bin',
  state: 'issued',
  way: 'multipart',
  sizeBytes: urlsPerTurn * 16 * 1024 * 1024,
  contentType: 'application/octet-stream',
  fingerprint: '',
  certificateId: '',
  issuedAt: '',
  expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  changedAt: '',
  multipartId: 'm'.repeat(64),
  partBytes: 16 * 1024 * 1024,
}

/** Pieces in a second. */
async function rateOf(count: number, atOnce: number, work: (index: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now()
  let next = 0
  const lane = async () => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return (count / (performance.now() - begin)) * 1000
}

const issue = (issuing: Issuing, index: number) => {
  const device = { thingName: `press-${index % 100}`, certificateId: 'c' }
  return issueUpload(issuing, device, parseRequest(createUploadRequestSchema, { ...file }), undefined)
}
const presign = createSdkPresigner({ region: client.region, endpoint: client.endpoint, credentials })
const put = {
  Bucket: 'uploads',
  Key: 'things/press-1/2026-05-01/0123456789abcdef-readings.csv',
  ContentLength: file.sizeBytes,
  ContentType: file.contentType,
  IfNoneMatch: '*',
  ChecksumCRC32: file.crc32,
}

const { median, ratio } = await takeTurns(
  {
    presign: () => rateOf(urlsPerTurn, 1, () => presign(put)),
    issue: () => rateOf(urlsPerTurn, 1, (index) => issue(inMemory, index)),
    parts: async () => {
      const query = { from: 1, limit: urlsPerTurn }
      return urlsPerTurn * (await rateOf(1, 1, () => listParts(inMemory, large, query)))
    },
    onTable: () => rateOf(uploadsPerTurn, lanes, (index) => issue(onTable, index)),
    bare: () =>
      rateOf(uploadsPerTurn, lanes, async (index) => {
        const change = { UpdateExpression: 'ADD bytes :size', ExpressionAttributeValues: { ':size': 1 } }
        await tables.send(
          new UpdateCommand({ TableName, Key: { thing: `bare-${index % 100}`, position: 'quota' }, ...change }),
        )
        const { multipartId: _, partBytes: __, ...row } = large
        const Item = { thing: `bare-${index % 100}`, position: `${drawn++}`, ...row, listing: 'l', listed: `${drawn}` }
        await tables.send(new PutCommand({ TableName, Item }))
      }),
  },
  rounds,
)
await cloud.stop()

const perSecond = (rate: number) => `${Math.round(rate)}/s`
const toGoal = (measured: number, least: number) => ({ text: `≥ ${least}`, isMet: measured >= least })
printTable('Upload URLs', [
  {
    what: 'issuing one: checked, planned, signed; no table',
    ours: perSecond(median.issue),
    peer: `${perSecond(median.presign)} the SDK's presigner`,
    ratio: ratio('issue', 'presign'),
    goal: toGoal(ratio('issue', 'presign'), ratioGoal),
  },
  {
    what: `a page of ${urlsPerTurn} part URLs`,
    ours: perSecond(median.parts),
    peer: `${perSecond(median.presign)} the SDK's presigner`,
    ratio: ratio('parts', 'presign'),
    goal: toGoal(ratio('parts', 'presign'), 1),
  },
  {
    what: 'issuing one, with its writes',
    ours: perSecond(median.onTable),
    peer: `${perSecond(median.bare)} two bare writes`,
    ratio: ratio('onTable', 'bare'),
    goal: toGoal(ratio('onTable', 'bare'), ratioGoal),
  },
  {
    what: 'the same',
    ours: perSecond(median.onTable),
    peer: `${perSecond(median.presign)} the SDK's presigner`,
    ratio: ratio('onTable', 'presign'),
  },
])
