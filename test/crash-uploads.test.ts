import { ListPartsCommand, UploadPartCommand } from '@aws-sdk/client-s3'
import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, expect } from 'vitest'
import { maxSinglePutBytes } from '#contract/upload-limits.ts'
import { createUploadRequestSchema } from '#contract/uploads-api.ts'
import { abortUpload } from '#functions/issue-upload/abort-upload.ts'
import { completeUpload } from '#functions/issue-upload/complete-upload.ts'
import { issueUpload } from '#functions/issue-upload/issue-upload.ts'
import type { Issuing } from '#functions/issue-upload/issuing.ts'
import { createMultipartUploads } from '#functions/issue-upload/multipart-uploads.ts'
import { createUrlSigner } from '#functions/issue-upload/url-signer.ts'
import { createUploadQuotas } from '#functions/stores/upload-quotas.ts'
import { createUploadStore } from '#functions/stores/upload-store.ts'
import { crashAtEachCall } from './crash-at-each-call.ts'
import { type Clients, createCrashingClients } from './crashing-clients.ts'
import { eventually } from './eventually.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { crc32Of, describeFile } from './upload-urls-fixture.ts'

const content = 'a,b\n1,2\n'
const certificateId = 'a'.repeat(64)

let cloud: TestCloud
let clients: Clients
let Bucket: string
let TableName: string
beforeAll(async () => {
  cloud = await startTestCloud()
  clients = createCrashingClients(cloud)
  Bucket = cloud.output('BucketName')
  TableName = cloud.output('UploadLogTable')
})
afterAll(() => cloud?.close())

function build({ tables, s3 }: Clients): Issuing {
  const { endpoint, region, credentials } = cloud.client()
  return {
    uploads: createUploadStore(tables, TableName),
    quotas: createUploadQuotas(tables, TableName),
    limits: { maxOpen: 10, maxBytesPerDay: 2 ** 40 },
    multipart: createMultipartUploads(s3, Bucket),
    urls: createUrlSigner({
      bucket: Bucket,
      bucketUrl: `${endpoint}/${Bucket}`,
      region,
      credentials: { ...credentials, sessionToken: '' },
    }),
    urlSeconds: 900,
    multipartSeconds: 900,
    clock: () => new Date(),
    drawId: () => '0123456789abcdef',
  }
}

function issue(by: Clients, thingName: string, request: object) {
  return issueUpload(build(by), { thingName, certificateId }, createUploadRequestSchema.parse(request), 'key')
}

async function quotaOf(thingName: string) {
  const { Item } = await clients.tables.send(
    new GetCommand({ TableName, Key: { thing: thingName, position: 'quota' }, ConsistentRead: true }),
  )
  return { open: Object.keys(Item?.open ?? {}), dayBytes: Item?.dayBytes as number }
}

const file = describeFile('a.csv', content)
const large = { name: 'large.bin', sizeBytes: maxSinglePutBytes + 1 }

crashAtEachCall<string>('issuing a PUT', {
  cloud: () => cloud,
  calls: ['UpdateItem', 'GetItem', 'PutItem', 'UpdateItem', 'PutItem'],
  prepare: async (thingName) => thingName,
  run: (by, thingName) => issue(by, thingName, file),
  async check(thingName) {
    const { uploadId, state } = await issue(clients, thingName, file)
    expect(state).toBe('issued')
    expect(await quotaOf(thingName)).toEqual({ open: [uploadId], dayBytes: content.length })
  },
})

crashAtEachCall<string>('issuing parts', {
  cloud: () => cloud,
  calls: ['UpdateItem', 'GetItem', 'PutItem', 'UpdateItem', 'GetItem', 'CreateMultipartUpload', 'PutItem'],
  prepare: async (thingName) => thingName,
  run: (by, thingName) => issue(by, thingName, large),
  async check(thingName) {
    const { uploadId, key } = await issue(clients, thingName, large)
    expect(await quotaOf(thingName)).toEqual({ open: [uploadId], dayBytes: large.sizeBytes })
    const upload = await build(clients).uploads.find(thingName, uploadId)
    await clients.s3.send(new ListPartsCommand({ Bucket, Key: key, UploadId: upload?.multipartId }))
  },
})

/** An upload of one short part, which is there. */
async function sendPart(thingName: string) {
  const issuing = build(clients)
  const { uploadId, key } = await issue(clients, thingName, { ...large, crc32: crc32Of(content) })
  const upload = await issuing.uploads.find(thingName, uploadId)
  if (!upload?.multipartId) throw new Error('the upload has no parts')
  await issuing.uploads.add({ ...upload, sizeBytes: content.length }, upload.issuedAt)
  await clients.s3.send(
    new UploadPartCommand({ Bucket, Key: key, UploadId: upload.multipartId, PartNumber: 1, Body: content }),
  )
  return { thingName, uploadId, key }
}
type SentPart = Awaited<ReturnType<typeof sendPart>>

crashAtEachCall<SentPart>('completing parts', {
  cloud: () => cloud,
  calls: ['GetItem', 'ListParts', 'CompleteMultipartUpload', 'UpdateItem', 'UpdateItem'],
  prepare: sendPart,
  run: (by, subject) => completeUpload(build(by), subject, {}),
  runAgain: (by, subject) =>
    // When nobody heard of the completion, S3's event tells.
    eventually('its completion', async () => {
      const answer = await completeUpload(build(by), subject, {}).catch((error) => {
        expect(error).toMatchObject({ code: 'UPLOAD_STATE', retryAfterSeconds: 2 })
      })
      return answer?.state === 'arrived'
    }),
  async check({ thingName, uploadId, key }) {
    expect(await build(clients).uploads.find(thingName, uploadId)).toMatchObject({ state: 'arrived', key })
    await eventually('the place given back', async () => (await quotaOf(thingName)).open.length === 0)
  },
})

crashAtEachCall<SentPart>('giving parts up', {
  cloud: () => cloud,
  calls: ['GetItem', 'AbortMultipartUpload', 'UpdateItem', 'UpdateItem'],
  prepare: sendPart,
  run: (by, subject) => abortUpload(build(by), subject, undefined),
  async check({ thingName, uploadId }) {
    const upload = await build(clients).uploads.find(thingName, uploadId)
    expect(upload).toMatchObject({ state: 'aborted' })
    const parts = new ListPartsCommand({ Bucket, Key: upload?.key, UploadId: upload?.multipartId })
    await expect(clients.s3.send(parts)).rejects.toMatchObject({ name: 'NoSuchUpload' })
    expect((await quotaOf(thingName)).open).toEqual([])
  },
})
