import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

const buckets = ['plain', 'versioned']
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  for (const Bucket of buckets) await s3.client.send(new CreateBucketCommand({ Bucket }))
  await s3.client.send(
    new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status: 'Enabled' } }),
  )
})
afterAll(() => s3.stop())

const put = (Bucket: string, Key: string, Body: string | Buffer, more = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))

test.each(buckets)('of writers that race for a new key exactly one wins (%s)', async (bucket) => {
  for (const size of [100, 200_000]) {
    const writers = Array.from({ length: 20 }, (_, writer) =>
      put(bucket, `race-${size}`, Buffer.alloc(size, writer), { IfNoneMatch: '*' }),
    )
    const results = await Promise.allSettled(writers)
    const winner = results.findIndex(({ status }) => status === 'fulfilled')
    const losers = results.filter((result) => result.status === 'rejected')
    expect(losers).toHaveLength(19)
    for (const { reason } of losers)
      expect(reason).toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } })
    const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: `race-${size}` }))
    expect((await Body?.transformToByteArray())?.[0]).toBe(winner)
  }
})

test.each(buckets)('of writers that race to replace a key exactly one wins (%s)', async (bucket) => {
  const { ETag } = await put(bucket, 'replace', 'first')
  const writers = Array.from({ length: 10 }, (_, writer) =>
    put(bucket, 'replace', `writer ${writer}`, { IfMatch: ETag }),
  )
  const results = await Promise.allSettled(writers)
  const losers = results.filter((result) => result.status === 'rejected')
  expect(losers).toHaveLength(9)
  for (const { reason } of losers) expect(reason.name).toMatch(/^(PreconditionFailed|ConditionalRequestConflict)$/)
})

test.each(buckets)('a deleted key is free again (%s)', async (bucket) => {
  await put(bucket, 'free', '1', { IfNoneMatch: '*' })
  await s3.client.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'free' }))
  await put(bucket, 'free', '2', { IfNoneMatch: '*' })
  await expect(put(bucket, 'free', '3', { IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
})

test('If-Match needs the object, and its ETag', async () => {
  await expect(put('plain', 'absent', 'x', { IfMatch: '"x"' })).rejects.toMatchObject({ name: 'NoSuchKey' })
  const { ETag } = await put('plain', 'present', '1')
  await expect(put('plain', 'present', '2', { IfMatch: '"x"' })).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await put('plain', 'present', '3', { IfMatch: ETag })
})

test('If-None-Match takes * only', async () => {
  await expect(put('plain', 'x', 'x', { IfNoneMatch: '"etag"' })).rejects.toMatchObject({ name: 'NotImplemented' })
})

test('copies and deletions may be conditional', async () => {
  const { ETag } = await put('plain', 'kept', '1')
  const copy = new CopyObjectCommand({ Bucket: 'plain', Key: 'kept', CopySource: 'versioned/free', IfNoneMatch: '*' })
  await expect(s3.client.send(copy)).rejects.toMatchObject({ name: 'PreconditionFailed' })
  const remove = (IfMatch: string) => s3.client.send(new DeleteObjectCommand({ Bucket: 'plain', Key: 'kept', IfMatch }))
  await expect(remove('"other"')).rejects.toMatchObject({ name: 'PreconditionFailed' })
  await remove(ETag ?? '')
  await expect(remove('*')).rejects.toMatchObject({ name: 'NoSuchKey' })
})
