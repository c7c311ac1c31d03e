import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

let s3: S3Fixture
beforeAll(async () => {
  s3 = await startS3()
})
afterAll(() => s3.stop())

interface Expected {
  keys: string[]
  prefixes: string[]
}

/** What a listing of these keys is, from the words of the documentation alone. */
function listNaively(keys: readonly string[], prefix: string, delimiter: string): Expected {
  const sorted = keys
    .filter((key) => key.startsWith(prefix))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const rolled = (key: string) => {
    const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1
    return at < 0 ? undefined : key.slice(0, at + delimiter.length)
  }
  return {
    keys: sorted.filter((key) => rolled(key) === undefined),
    prefixes: [...new Set(sorted.flatMap((key) => rolled(key) ?? []))],
  }
}

async function listAll(
  Bucket: string,
  version: 1 | 2,
  Prefix: string,
  Delimiter: string,
  MaxKeys: number,
): Promise<Expected> {
  const found: Expected = { keys: [], prefixes: [] }
  let place: string | undefined
  for (;;) {
    const input = { Bucket, Prefix, Delimiter, MaxKeys, EncodingType: 'url' as const }
    const page =
      version === 2
        ? await s3.client.send(new ListObjectsV2Command({ ...input, ContinuationToken: place }))
        : await s3.client.send(new ListObjectsCommand({ ...input, Marker: place }))
    const decode = (text = '') => decodeURIComponent(text.replaceAll('+', ' '))
    const keys = (page.Contents ?? []).map(({ Key }) => decode(Key))
    const prefixes = (page.CommonPrefixes ?? []).map((entry) => decode(entry.Prefix))
    expect(keys.length + prefixes.length).toBeLessThanOrEqual(MaxKeys)
    found.keys.push(...keys)
    found.prefixes.push(...prefixes)
    if (!page.IsTruncated) return found
    place =
      'NextContinuationToken' in page
        ? page.NextContinuationToken
        : 'NextMarker' in page && page.NextMarker
          ? decode(page.NextMarker)
          : keys.at(-1)
  }
}

test('a listing is the sorted keys with the prefix, rolled up at the delimiter, however it is paged', async () => {
  const part = fc.constantFrom('a', 'b', '/', '/', '//', ' ', 'é', '😀', '\uffee', '&')
  const key = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(''))
  let run = 0
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 12 }),
      fc.constantFrom('', 'a', 'a/', '/', 'é'),
      fc.constantFrom('', '/', 'b', '//'),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1 as const, 2 as const),
      async (keys, prefix, delimiter, maxKeys, version) => {
        const Bucket = `listing-${++run}`
        await s3.client.send(new CreateBucketCommand({ Bucket }))
        await Promise.all(keys.map((Key) => s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))))
        expect(await listAll(Bucket, version, prefix, delimiter, maxKeys)).toEqual(listNaively(keys, prefix, delimiter))
      },
    ),
    { numRuns: 40 },
  )
})

test('a listing begins after a key', async () => {
  const Bucket = 'after'
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  for (const Key of ['a', 'b', 'b/c', 'd']) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  const list = async (more = {}) =>
    (await s3.client.send(new ListObjectsV2Command({ Bucket, ...more }))).Contents?.map(({ Key }) => Key)
  expect(await list({ StartAfter: 'b' })).toEqual(['b/c', 'd'])
  expect(await list({ StartAfter: 'aa', Prefix: 'b' })).toEqual(['b', 'b/c'])
  expect(await list({ StartAfter: 'z' })).toBeUndefined()
  expect(await list({ MaxKeys: 0 })).toBeUndefined()
  await expect(list({ ContinuationToken: 'not one of ours!' })).rejects.toMatchObject({ name: 'InvalidArgument' })
  await expect(list({ EncodingType: 'base64' })).rejects.toMatchObject({ name: 'InvalidArgument' })
})

test('keys with control characters are listed and deleted by their very name', async () => {
  const Bucket = 'control'
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  const keys = ['tab\there', 'line\nend', 'return\r\nend', 'a & b <c> "d"']
  for (const Key of keys) await s3.client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))
  const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket }))
  expect(Contents.map(({ Key }) => Key).sort()).toEqual([...keys].sort())
  const { Deleted } = await s3.client.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
  )
  expect(Deleted).toEqual(keys.map((Key) => ({ Key })))
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0)
})

test('a page has a thousand keys at most, and so has a multiple deletion', async () => {
  const Bucket = 'limits'
  await s3.client.send(new CreateBucketCommand({ Bucket }))
  expect((await s3.client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 5000 }))).MaxKeys).toBe(1000)
  const Objects = Array.from({ length: 1001 }, (_, index) => ({ Key: `k/${index}` }))
  await expect(s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }))).rejects.toMatchObject({
    name: 'MalformedXML',
  })
})
