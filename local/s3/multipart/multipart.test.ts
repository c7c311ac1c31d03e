import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

const Bucket = 'multipart'
const fiveMiB = 5 * 1024 * 1024
const large = Buffer.alloc(fiveMiB, 'large part ')
const small = Buffer.from('the rest')
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => s3.stop())

async function begin(
  Key: string,
  more: { ChecksumAlgorithm?: ChecksumAlgorithm; ChecksumType?: 'FULL_OBJECT' } & Record<string, unknown> = {},
) {
  const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key, ...more }))
  const target = { Bucket, Key, UploadId }
  return {
    ...target,
    async upload(PartNumber: number, Body: Buffer): Promise<CompletedPart> {
      const sums = more.ChecksumAlgorithm ? { ChecksumAlgorithm: more.ChecksumAlgorithm } : {}
      const {
        ETag = '',
        ChecksumCRC32,
        ChecksumSHA256,
      } = await s3.client.send(new UploadPartCommand({ ...target, PartNumber, Body, ...sums }))
      return { PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }), ...(ChecksumSHA256 && { ChecksumSHA256 }) }
    },
    complete: (Parts: CompletedPart[], completion = {}) =>
      s3.client.send(new CompleteMultipartUploadCommand({ ...target, MultipartUpload: { Parts }, ...completion })),
    abort: () => s3.client.send(new AbortMultipartUploadCommand(target)),
    list: (page = {}) => s3.client.send(new ListPartsCommand({ ...target, ...page })),
  }
}

const md5 = (data: Buffer) => createHash('md5').update(data).digest()

test('parts become one object: in order, replaced ones left out, with the ETag of their ETags', async () => {
  const upload = await begin('object', { ContentType: 'text/csv', Metadata: { a: '1' }, Tagging: 'k=v' })
  await upload.upload(3, Buffer.from('replaced'))
  const [third, first] = [await upload.upload(3, small), await upload.upload(1, large)]
  await upload.upload(2, Buffer.from('not listed'))
  const { ETag } = await upload.complete([first, third])
  expect(ETag).toBe(
    `"${createHash('md5')
      .update(Buffer.concat([md5(large), md5(small)]))
      .digest('hex')}-2"`,
  )
  const got = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'object' }))
  expect(got).toMatchObject({
    ContentType: 'text/csv',
    Metadata: { a: '1' },
    TagCount: 1,
    ContentLength: fiveMiB + small.length,
  })
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.concat([large, small]))).toBe(true)
  const range = await s3.client.send(
    new GetObjectCommand({ Bucket, Key: 'object', Range: `bytes=${fiveMiB - 3}-${fiveMiB + 2}` }),
  )
  expect(await range.Body?.transformToString()).toBe(`${large.subarray(-3).toString()}the`)
  const part = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'object', PartNumber: 3 }))
  expect(part).toMatchObject({ PartsCount: 2, ContentRange: `bytes ${fiveMiB}-${fiveMiB + 7}/${fiveMiB + 8}` })
  await expect(upload.list()).rejects.toMatchObject({ name: 'NoSuchUpload' })
})

test('a composite checksum is the checksum of the checksums', async () => {
  const upload = await begin('composite', { ChecksumAlgorithm: 'SHA256' })
  const parts = [await upload.upload(1, large), await upload.upload(2, small)]
  await expect(upload.complete(parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })))).rejects.toMatchObject({
    name: 'InvalidRequest',
  })
  const { ChecksumSHA256, ChecksumType } = await upload.complete(parts)
  const sha256 = (data: Buffer) => createHash('sha256').update(data).digest()
  expect(ChecksumSHA256).toBe(`${sha256(Buffer.concat([sha256(large), sha256(small)])).toString('base64')}-2`)
  expect(ChecksumType).toBe('COMPOSITE')
  const attributes = await s3.client.send(
    new GetObjectAttributesCommand({ Bucket, Key: 'composite', ObjectAttributes: ['ObjectParts'] }),
  )
  expect(attributes.ObjectParts).toMatchObject({
    TotalPartsCount: 2,
    Parts: [
      { PartNumber: 1, Size: fiveMiB },
      { PartNumber: 2, Size: 8 },
    ],
  })
})

test('a full-object checksum is that of the whole, and is compared with what the client says', async () => {
  const upload = await begin('full', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' })
  const parts = [await upload.upload(1, large), await upload.upload(2, small)]
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(Buffer.concat([large, small])))
  const ChecksumType = 'FULL_OBJECT'
  await expect(upload.complete(parts, { ChecksumType, ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
    name: 'BadDigest',
  })
  await expect(upload.complete(parts, { MpuObjectSize: 7 })).rejects.toMatchObject({ name: 'InvalidRequest' })
  const done = await upload.complete(parts, { ChecksumType, ChecksumCRC32: crc.toString('base64') })
  expect(done.ChecksumCRC32).toBe(crc.toString('base64'))
})

test('a list of parts must be in order and name parts that are there', async () => {
  const upload = await begin('wrong')
  const parts = [await upload.upload(1, small), await upload.upload(2, small)]
  await expect(upload.complete([...parts].reverse())).rejects.toMatchObject({ name: 'InvalidPartOrder' })
  await expect(upload.complete([{ PartNumber: 1, ETag: '"0"' }])).rejects.toMatchObject({ name: 'InvalidPart' })
  await expect(upload.complete([{ ...parts[0], PartNumber: 3 }])).rejects.toMatchObject({ name: 'InvalidPart' })
  await expect(upload.complete(parts)).rejects.toMatchObject({ name: 'EntityTooSmall' })
  await expect(upload.complete([])).rejects.toMatchObject({ name: 'MalformedXML' })
  await expect(upload.upload(10_001, small)).rejects.toMatchObject({ name: 'InvalidArgument' })
  await upload.abort()
})

test('of completions that race for a new key one wins', async () => {
  const uploads = await Promise.all(Array.from({ length: 4 }, () => begin('raced')))
  const parts = await Promise.all(uploads.map((upload) => upload.upload(1, small)))
  const results = await Promise.allSettled(
    uploads.map((upload, index) => upload.complete(parts.slice(index, index + 1), { IfNoneMatch: '*' })),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  const losers = uploads.filter((_, index) => results[index]?.status === 'rejected')
  await Promise.all(losers.map((upload) => upload.abort()))
})

test('uploads and parts are listed page by page', async () => {
  const uploads = [await begin('list/a'), await begin('list/a'), await begin('list/b'), await begin('list/c/d')]
  const list = (more = {}) => s3.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'list/', ...more }))
  const ids: string[] = []
  for (let markers = {}; ; ) {
    const page = await list({ MaxUploads: 1, ...markers })
    ids.push(...(page.Uploads ?? []).map(({ UploadId = '' }) => UploadId))
    if (!page.IsTruncated) break
    markers = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
  expect(ids).toEqual(uploads.map(({ UploadId }) => UploadId))
  expect((await list({ Delimiter: '/' })).CommonPrefixes).toEqual([{ Prefix: 'list/c/' }])
  const [first] = uploads
  for (const number of [1, 2, 3]) await first?.upload(number, small)
  const page = await first?.list({ MaxParts: 2 })
  expect(page).toMatchObject({
    IsTruncated: true,
    NextPartNumberMarker: '2',
    Parts: [{ PartNumber: 1, Size: 8 }, { PartNumber: 2 }],
  })
  expect((await first?.list({ PartNumberMarker: '2' }))?.Parts).toMatchObject([{ PartNumber: 3 }])
  for (const upload of uploads) await upload.abort()
  await expect(first?.upload(1, small)).rejects.toMatchObject({ name: 'NoSuchUpload' })
})

test('a part may be copied from an object', async () => {
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'from', Body: '0123456789' }))
  const upload = await begin('copied')
  const copy = (CopySourceRange: string) =>
    s3.client.send(
      new UploadPartCopyCommand({
        Bucket,
        Key: 'copied',
        UploadId: upload.UploadId,
        PartNumber: 1,
        CopySource: `${Bucket}/from`,
        CopySourceRange,
      }),
    )
  await expect(copy('bytes=5-10')).rejects.toMatchObject({ name: 'InvalidArgument' })
  await expect(copy('bytes=5-')).rejects.toMatchObject({ name: 'InvalidArgument' })
  const { CopyPartResult } = await copy('bytes=2-5')
  await upload.complete([{ PartNumber: 1, ETag: CopyPartResult?.ETag ?? '' }])
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'copied' }))
  expect(await Body?.transformToString()).toBe('2345')
})

test('a bucket with an upload under way is not empty', async () => {
  const busy = 'multipart-busy'
  await s3.client.send(new CreateBucketCommand({ Bucket: busy }))
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: busy, Key: 'k' }))
  await expect(s3.client.send(new DeleteBucketCommand({ Bucket: busy }))).rejects.toMatchObject({
    name: 'BucketNotEmpty',
  })
  await s3.client.send(new AbortMultipartUploadCommand({ Bucket: busy, Key: 'k', UploadId }))
  await s3.client.send(new DeleteBucketCommand({ Bucket: busy }))
})
