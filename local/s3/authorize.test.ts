import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from './s3-fixture.ts'

const Bucket = 'guarded'
const everything = `arn:aws:s3:::${Bucket}/*`
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'a/1', Body: 'x', Tagging: 'secret=no' }))
  await s3.client.send(new PutObjectCommand({ Bucket, Key: 'a/2', Body: 'x', Tagging: 'secret=yes' }))
})
afterAll(() => s3.stop())

const user = (name: string, ...Statement: object[]) => s3.connectAs(name, { Version: '2012-10-17', Statement })
const denied = { name: 'AccessDenied', $metadata: { httpStatusCode: 403 } }
const put = (client: S3Client, Key: string, more = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }))

test('a device writes under its own prefix and does nothing else', async () => {
  const device = await user('device', {
    Effect: 'Allow',
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${Bucket}/things/d1/*`,
  })
  await put(device, 'things/d1/file')
  const refused = await Promise.allSettled([
    put(device, 'things/d2/file'),
    put(device, 'things/d1/tagged', { Tagging: 'k=v' }),
    device.send(new GetObjectCommand({ Bucket, Key: 'things/d1/file' })),
    device.send(new DeleteObjectCommand({ Bucket, Key: 'things/d1/file' })),
    device.send(new PutObjectTaggingCommand({ Bucket, Key: 'things/d1/file', Tagging: { TagSet: [] } })),
    device.send(new CopyObjectCommand({ Bucket, Key: 'things/d1/copy', CopySource: `${Bucket}/a/1` })),
    device.send(new ListObjectsV2Command({ Bucket })),
    device.send(new ListBucketsCommand({})),
  ])
  for (const refusal of refused) expect(refusal).toMatchObject({ status: 'rejected', reason: denied })
  const { Errors } = await device.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'things/d1/file' }] } }),
  )
  expect(Errors).toMatchObject([{ Key: 'things/d1/file', Code: 'AccessDenied' }])
})

test('whether a key exists is told only to those who may list', async () => {
  const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: everything }
  const blind = await user('blind', read)
  const seeing = await user('seeing', read, {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: `arn:aws:s3:::${Bucket}`,
  })
  const get = new GetObjectCommand({ Bucket, Key: 'absent' })
  await expect(blind.send(get)).rejects.toMatchObject(denied)
  await expect(seeing.send(get)).rejects.toMatchObject({ name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } })
  const head = new HeadObjectCommand({ Bucket, Key: 'absent' })
  await expect(blind.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } })
  await expect(seeing.send(head)).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } })
})

test('conditions see the parameters of a listing', async () => {
  const lister = await user('lister', {
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: `arn:aws:s3:::${Bucket}`,
    Condition: {
      StringEquals: { 's3:prefix': 'a/', 's3:delimiter': '/' },
      NumericLessThanEquals: { 's3:max-keys': '10' },
    },
  })
  const list = (more: object) =>
    lister.send(new ListObjectsV2Command({ Bucket, Prefix: 'a/', Delimiter: '/', MaxKeys: 10, ...more }))
  expect((await list({})).KeyCount).toBe(2)
  for (const other of [{ Prefix: 'b/' }, { Delimiter: undefined }, { MaxKeys: 11 }]) {
    await expect(list(other)).rejects.toMatchObject(denied)
  }
})

test('conditions see the headers and the tags of a write', async () => {
  const writer = await user('writer', {
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:PutObjectTagging'],
    Resource: everything,
    Condition: {
      StringEquals: { 's3:x-amz-storage-class': 'STANDARD_IA', 's3:RequestObjectTag/site': 'roof' },
      'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['site'] },
    },
  })
  await put(writer, 'w', { StorageClass: 'STANDARD_IA', Tagging: 'site=roof' })
  for (const more of [
    { StorageClass: 'STANDARD_IA' },
    { Tagging: 'site=roof' },
    { StorageClass: 'STANDARD_IA', Tagging: 'site=roof&x=y' },
  ]) {
    await expect(put(writer, 'w', more)).rejects.toMatchObject(denied)
  }
})

test('conditions see the tags that an object has, and the version that is asked for', async () => {
  const reader = await user(
    'reader',
    {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: everything,
      Condition: { StringEquals: { 's3:ExistingObjectTag/secret': 'no' } },
    },
    {
      Effect: 'Allow',
      Action: 's3:GetObjectVersion',
      Resource: everything,
      Condition: { StringEquals: { 's3:VersionId': 'null' } },
    },
  )
  await reader.send(new GetObjectCommand({ Bucket, Key: 'a/1' }))
  await expect(reader.send(new GetObjectCommand({ Bucket, Key: 'a/2' }))).rejects.toMatchObject(denied)
  await reader.send(new GetObjectCommand({ Bucket, Key: 'a/2', VersionId: 'null' }))
})

test('a copy needs the right to tags only where there are tags', async () => {
  const copier = await user('copier', {
    Effect: 'Allow',
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: everything,
  })
  const copy = (from: string) =>
    copier.send(new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: `${Bucket}/${from}` }))
  await put(s3.client, 'untagged')
  await copy('untagged')
  await expect(copy('a/1')).rejects.toMatchObject(denied)
})

test('a bucket policy can demand that objects are never written over', async () => {
  const strict = 'write-once'
  await s3.client.send(new CreateBucketCommand({ Bucket: strict }))
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Principal: '*',
        Action: 's3:PutObject',
        Resource: `arn:aws:s3:::${strict}/*`,
        Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
      },
    ],
  })
  await s3.client.send(new PutBucketPolicyCommand({ Bucket: strict, Policy }))
  const putOnce = (more = {}) => s3.client.send(new PutObjectCommand({ Bucket: strict, Key: 'k', Body: 'x', ...more }))
  await expect(putOnce()).rejects.toMatchObject(denied)
  await putOnce({ IfNoneMatch: '*' })
  const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket: strict, Key: 'parts' }))
  await s3.client.send(new UploadPartCommand({ Bucket: strict, Key: 'parts', UploadId, PartNumber: 1, Body: 'x' }))
})

test('a client may say whose bucket it takes it to be', async () => {
  await put(s3.client, 'mine', { ExpectedBucketOwner: '000000000000' })
  await expect(put(s3.client, 'mine', { ExpectedBucketOwner: '111111111111' })).rejects.toMatchObject(denied)
})
