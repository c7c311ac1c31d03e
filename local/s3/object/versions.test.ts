import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

const s3: S3Fixture = await startS3()
afterAll(() => s3.stop())

let Bucket = ''
let count = 0
beforeEach(async () => {
  Bucket = `versions-${++count}`
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})

const setVersioning = (Status: 'Enabled' | 'Suspended') =>
  s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }))
const put = (Key: string, Body: string) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body }))
const read = async (Key: string, VersionId?: string) => {
  const output = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }))
  return { text: await output.Body?.transformToString(), VersionId: output.VersionId }
}
const remove = (Key: string, VersionId?: string) =>
  s3.client.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }))
const versions = async (more = {}) => s3.client.send(new ListObjectVersionsCommand({ Bucket, ...more }))

test('a versioned bucket keeps each version until it is deleted by its id', async () => {
  await put('k', 'before')
  await setVersioning('Enabled')
  const first = await put('k', 'first')
  const second = await put('k', 'second')
  expect(await read('k')).toEqual({ text: 'second', VersionId: second.VersionId })
  expect(await read('k', first.VersionId)).toEqual({ text: 'first', VersionId: first.VersionId })
  expect(await read('k', 'null')).toEqual({ text: 'before', VersionId: 'null' })
  const listed = await versions()
  expect(listed.Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
    [second.VersionId, true],
    [first.VersionId, false],
    ['null', false],
  ])
  expect(await remove('k', second.VersionId)).toMatchObject({ VersionId: second.VersionId })
  expect(await read('k')).toEqual({ text: 'first', VersionId: first.VersionId })
  await expect(read('k', second.VersionId)).rejects.toMatchObject({ name: 'NoSuchVersion' })
  await expect(read('k', 'no id')).rejects.toMatchObject({ name: 'InvalidArgument' })
  const invalid = { name: 'InvalidArgument', message: 'Invalid version id specified' }
  await expect(read('k', 'none')).rejects.toMatchObject(invalid)
  await expect(remove('k', 'none')).rejects.toMatchObject(invalid)
})

test('a deletion without a version leaves a marker, whose own deletion brings the object back', async () => {
  await setVersioning('Enabled')
  const { VersionId } = await put('k', 'kept')
  const marker = await remove('k')
  expect(marker.DeleteMarker).toBe(true)
  await expect(read('k')).rejects.toMatchObject({ name: 'NoSuchKey' })
  const head = new HeadObjectCommand({ Bucket, Key: 'k' })
  const error = await s3.client.send(head).catch((cause) => cause)
  expect(error.$response.headers).toMatchObject({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.VersionId })
  await expect(read('k', marker.VersionId)).rejects.toMatchObject({
    name: 'MethodNotAllowed',
    $metadata: { httpStatusCode: 405 },
  })
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0)
  const { DeleteMarkers, Versions } = await versions()
  expect(DeleteMarkers).toMatchObject([{ Key: 'k', VersionId: marker.VersionId, IsLatest: true }])
  expect(Versions).toMatchObject([{ VersionId, IsLatest: false }])
  await remove('k', marker.VersionId)
  expect((await read('k')).text).toBe('kept')
})

test('a suspended bucket writes and deletes its null version, and keeps the others', async () => {
  await setVersioning('Enabled')
  const { VersionId } = await put('k', 'numbered')
  await setVersioning('Suspended')
  expect((await put('k', 'null 1')).VersionId).toBe('null')
  await put('k', 'null 2')
  expect((await versions()).Versions?.map((version) => version.VersionId)).toEqual(['null', VersionId])
  expect(await remove('k')).toMatchObject({ DeleteMarker: true, VersionId: 'null' })
  const { Versions, DeleteMarkers } = await versions()
  expect(Versions?.map((version) => version.VersionId)).toEqual([VersionId])
  expect(DeleteMarkers?.map((version) => version.VersionId)).toEqual(['null'])
})

test('a bucket without versions says nothing of them', async () => {
  expect((await put('k', '1')).VersionId).toBeUndefined()
  await put('k', '2')
  expect(await read('k')).toEqual({ text: '2', VersionId: undefined })
  expect((await versions()).Versions).toHaveLength(1)
  expect(await remove('k')).not.toHaveProperty('VersionId')
  expect((await versions()).Versions).toBeUndefined()
})

test('all versions can be listed and deleted page by page, markers included', async () => {
  await setVersioning('Enabled')
  for (const text of ['1', '2', '3']) for (const key of ['a', 'b/1', 'b/2']) await put(key, text)
  await remove('a')
  const whole = await versions()
  expect([...(whole.Versions ?? []), ...(whole.DeleteMarkers ?? [])]).toHaveLength(10)
  const rolled = await versions({ Delimiter: '/', MaxKeys: 4 })
  expect(rolled).toMatchObject({ IsTruncated: true, NextKeyMarker: 'a' })
  expect((await versions({ Delimiter: '/', KeyMarker: 'a' })).CommonPrefixes).toEqual([{ Prefix: 'b/' }])
  let markers = {}
  for (let page = 0; page < 4; page++) {
    const {
      Versions = [],
      DeleteMarkers = [],
      NextKeyMarker,
      NextVersionIdMarker,
    } = await versions({ MaxKeys: 3, ...markers })
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key = '', VersionId = '' }) => ({ Key, VersionId }))
    const { Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
    expect(Errors).toBeUndefined()
    markers = { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker }
  }
  await s3.client.send(new DeleteBucketCommand({ Bucket }))
})

test('a multiple deletion tells of each key', async () => {
  await setVersioning('Enabled')
  const { VersionId } = await put('named', '1')
  await put('marked', '1')
  const Objects = [{ Key: 'named', VersionId }, { Key: 'marked' }, { Key: 'marked', ETag: '"other"' }]
  const { Deleted, Errors } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))
  expect(Deleted).toEqual([
    { Key: 'named', VersionId },
    { Key: 'marked', DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) },
  ])
  expect(Errors).toMatchObject([{ Key: 'marked', Code: expect.stringMatching(/NoSuchKey|PreconditionFailed/) }])
})
