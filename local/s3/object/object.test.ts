import { createHash } from 'node:crypto'
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectAclCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

const Bucket = 'objects'
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => s3.stop())

const put = (Key: string, Body: string | Buffer, more: Partial<PutObjectCommandInput> = {}) =>
  s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }))
const get = async (Key: string, more = {}) => {
  const output = await s3.client.send(new GetObjectCommand({ Bucket, Key, ...more }))
  return { ...output, text: await output.Body?.transformToString() }
}
const md5 = (data: string | Uint8Array) => `"${createHash('md5').update(data).digest('hex')}"`

test('an object comes back as it was put, with everything that was said about it', async () => {
  const described = {
    ContentType: 'text/csv',
    CacheControl: 'no-store',
    ContentDisposition: 'attachment; filename="a.csv"',
    ContentLanguage: 'de',
    ContentEncoding: 'gzip',
    Metadata: { sensor: 'roof 7', empty: '' },
    StorageClass: 'STANDARD_IA',
  } as const
  const { ETag } = await put('described', 'a;b', { ...described, Expires: new Date('2031-01-01T00:00:00Z') })
  expect(ETag).toBe(md5('a;b'))
  const head = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'described' }))
  expect(head).toMatchObject({
    ...described,
    ContentLength: 3,
    ETag,
    ServerSideEncryption: 'AES256',
    AcceptRanges: 'bytes',
  })
  expect(head.ExpiresString).toBe('Wed, 01 Jan 2031 00:00:00 GMT')
  expect(head.LastModified?.getMilliseconds()).toBe(0)
  expect((await get('described')).text).toBe('a;b')
})

test.each([
  '..',
  '.',
  '../../etc/passwd',
  '/',
  '//a//',
  'a/../b',
  ' ',
  'a b+c%2Fd',
  'ключ/😀',
  'a\u0001b\r\n',
  '~!*\'()&=?#:;,@$"<>\\^`{}|[]',
])('a key is any text: %j', async (key) => {
  await put(key, `content of ${key}`)
  expect((await get(key)).text).toBe(`content of ${key}`)
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: key }))
  await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test('keys of up to 1,024 bytes do not meet', async () => {
  const keys = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(keys, { minLength: 2, maxLength: 4 }), async (distinct) => {
      for (const key of distinct) await put(key, key)
      for (const key of distinct) expect((await get(key)).text).toBe(key)
      for (const key of distinct) await s3.client.send(new DeleteObjectCommand({ Bucket, Key: key }))
    }),
    { numRuns: 15 },
  )
  await put('k'.repeat(1024), 'longest')
  await expect(put('k'.repeat(1025), 'x')).rejects.toMatchObject({
    name: 'KeyTooLongError',
    $metadata: { httpStatusCode: 400 },
  })
})

test.each([
  ['bytes=0-4', 206, 'hello', 'bytes 0-4/11'],
  ['bytes=6-', 206, 'world', 'bytes 6-10/11'],
  ['bytes=-5', 206, 'world', 'bytes 6-10/11'],
  ['bytes=-50', 206, 'hello world', 'bytes 0-10/11'],
  ['bytes=8-50', 206, 'rld', 'bytes 8-10/11'],
  ['bytes=0-1,3-4', 200, 'hello world', undefined],
  ['bytes=5-2', 200, 'hello world', undefined],
  ['lines=1-2', 200, 'hello world', undefined],
])('Range: %s', async (Range, status, text, contentRange) => {
  await put('ranged', 'hello world')
  const got = await get('ranged', { Range })
  expect(got.$metadata.httpStatusCode).toBe(status)
  expect(got).toMatchObject({ text, ContentLength: text.length })
  expect(got.ContentRange).toBe(contentRange)
})

test('a range behind the end is not satisfiable', async () => {
  await put('ranged', 'hello world')
  for (const Range of ['bytes=11-', 'bytes=-0']) {
    await expect(get('ranged', { Range })).rejects.toMatchObject({
      name: 'InvalidRange',
      $metadata: { httpStatusCode: 416 },
      ActualObjectSize: '11',
    })
  }
})

test('a large object streams through files, and ranges cross its chunks', async () => {
  const data = Buffer.alloc(700_000)
  for (let at = 0; at < data.length; at += 4) data.writeUInt32BE(at, at)
  const { ETag } = await put('large', data)
  expect(ETag).toBe(md5(data))
  const whole = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large', ChecksumMode: 'ENABLED' }))
  expect(Buffer.from((await whole.Body?.transformToByteArray()) ?? []).equals(data)).toBe(true)
  const part = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'large', Range: 'bytes=262100-524300' }))
  expect(Buffer.from((await part.Body?.transformToByteArray()) ?? []).equals(data.subarray(262_100, 524_301))).toBe(
    true,
  )
})

test('reading goes on while the object is deleted', async () => {
  const data = Buffer.alloc(3_000_000, 'x')
  await put('leaving', data)
  const { Body } = await s3.client.send(new GetObjectCommand({ Bucket, Key: 'leaving' }))
  await s3.client.send(new DeleteObjectCommand({ Bucket, Key: 'leaving' }))
  expect(((await Body?.transformToByteArray()) ?? []).length).toBe(data.length)
})

test('reads may be conditional', async () => {
  const { ETag } = await put('conditional', 'x')
  const { LastModified = new Date() } = await s3.client.send(new HeadObjectCommand({ Bucket, Key: 'conditional' }))
  const before = new Date(LastModified.getTime() - 1000)
  expect((await get('conditional', { IfMatch: ETag, IfUnmodifiedSince: before })).text).toBe('x')
  expect((await get('conditional', { IfNoneMatch: '"other"', IfModifiedSince: LastModified })).text).toBe('x')
  for (const stale of [{ IfNoneMatch: ETag }, { IfNoneMatch: '*' }, { IfModifiedSince: LastModified }]) {
    await expect(get('conditional', stale)).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } })
  }
  for (const failed of [{ IfMatch: '"other"' }, { IfUnmodifiedSince: before }]) {
    await expect(get('conditional', failed)).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    })
  }
})

test('a reader may choose headers of the answer', async () => {
  await put('overridden', 'x', { ContentType: 'text/plain' })
  const got = await get('overridden', { ResponseContentType: 'text/html', ResponseContentDisposition: 'inline' })
  expect(got).toMatchObject({ ContentType: 'text/html', ContentDisposition: 'inline' })
})

test('what was announced of a payload must be so', async () => {
  const wrongMd5 = createHash('md5').update('other').digest('base64')
  await expect(put('bad', 'x', { ContentMD5: wrongMd5 })).rejects.toMatchObject({ name: 'BadDigest' })
  await expect(put('bad', 'x', { ContentMD5: 'bm8=' })).rejects.toMatchObject({ name: 'InvalidDigest' })
  for (const member of ['ChecksumCRC32', 'ChecksumCRC32C'] as const) {
    await expect(put('bad', 'x', { [member]: 'AAAAAA==' })).rejects.toMatchObject({ name: 'BadDigest' })
    await expect(put('bad', 'x', { [member]: 'no' })).rejects.toMatchObject({ name: 'InvalidRequest' })
  }
  await expect(get('bad')).rejects.toMatchObject({ name: 'NoSuchKey' })
})

test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const)(
  '%s is verified, kept and told',
  async (ChecksumAlgorithm) => {
    const sent = await put(`sum-${ChecksumAlgorithm}`, 'checked', { ChecksumAlgorithm })
    const member = `Checksum${ChecksumAlgorithm}` as const
    expect(sent[member]).toBeTruthy()
    const got = await get(`sum-${ChecksumAlgorithm}`, { ChecksumMode: 'ENABLED' })
    expect(got).toMatchObject({ [member]: sent[member], ChecksumType: 'FULL_OBJECT', text: 'checked' })
    const { Checksum, ObjectSize, ETag } = await s3.client.send(
      new GetObjectAttributesCommand({
        Bucket,
        Key: `sum-${ChecksumAlgorithm}`,
        ObjectAttributes: ['Checksum', 'ETag', 'ObjectSize'],
      }),
    )
    expect(Checksum).toEqual({ [member]: sent[member], ChecksumType: 'FULL_OBJECT' })
    expect({ ObjectSize, ETag }).toEqual({ ObjectSize: 7, ETag: md5('checked').slice(1, -1) })
  },
)

test('an object without a checksum of the client gets CRC64NVME', async () => {
  const client = s3.connect({ requestChecksumCalculation: 'WHEN_REQUIRED' })
  const sent = await client.send(new PutObjectCommand({ Bucket, Key: 'plain', Body: '123456789' }))
  expect(sent.ChecksumCRC64NVME).toBe(Buffer.from('ae8b14860a799888', 'hex').toString('base64'))
})

test('metadata has its limit', async () => {
  await put('meta', 'x', { Metadata: { a: 'x'.repeat(2047) } })
  await expect(put('meta', 'x', { Metadata: { a: 'x'.repeat(2048) } })).rejects.toMatchObject({
    name: 'MetadataTooLarge',
  })
})

test('what is not there is refused by name', async () => {
  await expect(put('x', 'x', { ServerSideEncryption: 'aws:kms' })).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
  })
  await expect(put('x', 'x', { ObjectLockLegalHoldStatus: 'ON' })).rejects.toThrow(/x-amz-object-lock-legal-hold/)
  await expect(put('x', 'x', { StorageClass: 'GLACIER' })).rejects.toThrow(/GLACIER/)
  await expect(put('x', 'x', { StorageClass: 'CHEAP' as 'GLACIER' })).rejects.toMatchObject({
    name: 'InvalidStorageClass',
  })
  await expect(put('x', 'x', { ACL: 'public-read' })).rejects.toMatchObject({ name: 'AccessControlListNotSupported' })
})

test('a copy takes attributes, tags and checksum along, or sets them anew', async () => {
  await put('source ü', 'copied', {
    ContentType: 'text/csv',
    Metadata: { a: '1' },
    Tagging: 'k=v',
    ChecksumAlgorithm: 'SHA256',
  })
  const CopySource = `${Bucket}/${encodeURIComponent('source ü')}`
  const { CopyObjectResult } = await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }))
  expect(CopyObjectResult).toMatchObject({
    ETag: md5('copied'),
    ChecksumSHA256: createHash('sha256').update('copied').digest('base64'),
  })
  expect(await get('copy')).toMatchObject({
    text: 'copied',
    ContentType: 'text/csv',
    Metadata: { a: '1' },
    TagCount: 1,
  })
  await s3.client.send(
    new CopyObjectCommand({
      Bucket,
      Key: 'replaced',
      CopySource,
      MetadataDirective: 'REPLACE',
      TaggingDirective: 'REPLACE',
      Metadata: { b: '2' },
    }),
  )
  const replaced = await get('replaced')
  expect(replaced).toMatchObject({ text: 'copied', ContentType: 'binary/octet-stream', Metadata: { b: '2' } })
  expect(replaced.TagCount).toBeUndefined()
})

test('a copy onto itself must change something, and its conditions must hold', async () => {
  const { ETag } = await put('self', 'x')
  const copy = (more = {}) =>
    s3.client.send(new CopyObjectCommand({ Bucket, Key: 'self', CopySource: `${Bucket}/self`, ...more }))
  await expect(copy()).rejects.toMatchObject({ name: 'InvalidRequest' })
  await copy({ MetadataDirective: 'REPLACE', Metadata: { changed: 'yes' } })
  await expect(copy({ MetadataDirective: 'REPLACE', CopySourceIfNoneMatch: ETag })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  })
  await expect(copy({ CopySource: `${Bucket}/nothing` })).rejects.toMatchObject({ name: 'NoSuchKey' })
  await expect(copy({ CopySource: 'nonsense' })).rejects.toMatchObject({ name: 'InvalidArgument' })
})

test('tags are set, read and removed', async () => {
  await put('tagged', 'x', { Tagging: 'state=raw&site=Z%C3%BCrich' })
  const tags = async () => (await s3.client.send(new GetObjectTaggingCommand({ Bucket, Key: 'tagged' }))).TagSet
  expect(await tags()).toEqual([
    { Key: 'state', Value: 'raw' },
    { Key: 'site', Value: 'Zürich' },
  ])
  const setTags = (TagSet: { Key: string; Value: string }[]) =>
    s3.client.send(new PutObjectTaggingCommand({ Bucket, Key: 'tagged', Tagging: { TagSet } }))
  await setTags([{ Key: 'state', Value: 'done' }])
  expect(await tags()).toEqual([{ Key: 'state', Value: 'done' }])
  await expect(
    setTags([
      { Key: 'a', Value: '1' },
      { Key: 'a', Value: '2' },
    ]),
  ).rejects.toMatchObject({ name: 'InvalidTag' })
  await s3.client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'tagged' }))
  expect(await tags()).toEqual([])
})

test('an ACL grants the owner alone', async () => {
  await put('acl', 'x')
  const { Owner, Grants } = await s3.client.send(new GetObjectAclCommand({ Bucket, Key: 'acl' }))
  expect(Grants).toEqual([{ Grantee: { ID: Owner?.ID, Type: 'CanonicalUser' }, Permission: 'FULL_CONTROL' }])
})
