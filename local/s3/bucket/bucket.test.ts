import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type S3Fixture, startS3 } from '../s3-fixture.ts'

const Bucket = 'configured'
let s3: S3Fixture

beforeAll(async () => {
  s3 = await startS3()
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})
afterAll(() => s3.stop())

test('buckets are made, found, listed and deleted', async () => {
  const { Location } = await s3.client.send(new CreateBucketCommand({ Bucket: 'made.here' }))
  expect(Location).toBe('/made.here')
  expect((await s3.client.send(new HeadBucketCommand({ Bucket: 'made.here' }))).BucketRegion).toBe('us-east-1')
  expect(
    (await s3.client.send(new GetBucketLocationCommand({ Bucket: 'made.here' }))).LocationConstraint,
  ).toBeUndefined()
  const page = await s3.client.send(new ListBucketsCommand({ MaxBuckets: 1 }))
  expect(page.Buckets).toMatchObject([{ Name: Bucket, CreationDate: expect.any(Date) }])
  const rest = await s3.client.send(new ListBucketsCommand({ ContinuationToken: page.ContinuationToken }))
  expect(rest.Buckets).toMatchObject([{ Name: 'made.here' }])
  await s3.client.send(new PutObjectCommand({ Bucket: 'made.here', Key: 'k', Body: 'x' }))
  await expect(s3.client.send(new DeleteBucketCommand({ Bucket: 'made.here' }))).rejects.toMatchObject({
    name: 'BucketNotEmpty',
    $metadata: { httpStatusCode: 409 },
  })
  await expect(s3.client.send(new HeadBucketCommand({ Bucket: 'nowhere' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 404 },
  })
  await expect(s3.client.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'k', Body: 'x' }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  })
})

test('a second creation is done already in us-east-1', async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket }))
})

test.each([
  'ab',
  'Upper',
  'under_score',
  '-dash',
  'dash-',
  'dots..dots',
  '192.168.0.1',
  'xn--idn',
  'x'.repeat(64),
  'alias-s3alias',
])('refuses the name %s', async (name) => {
  await expect(s3.client.send(new CreateBucketCommand({ Bucket: name }))).rejects.toMatchObject({
    name: 'InvalidBucketName',
  })
})

test('a bucket lies in the region of the endpoint', async () => {
  const create = new CreateBucketCommand({
    Bucket: 'elsewhere',
    CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' },
  })
  await expect(s3.client.send(create)).rejects.toMatchObject({ name: 'IllegalLocationConstraintException' })
})

test('a new bucket is encrypted, closed to the public and owned by its account', async () => {
  await s3.client.send(new CreateBucketCommand({ Bucket: 'fresh' }))
  const target = { Bucket: 'fresh' }
  const { ServerSideEncryptionConfiguration } = await s3.client.send(new GetBucketEncryptionCommand(target))
  expect(ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm).toBe('AES256')
  const { PublicAccessBlockConfiguration } = await s3.client.send(new GetPublicAccessBlockCommand(target))
  expect(Object.values(PublicAccessBlockConfiguration ?? {})).toEqual([true, true, true, true])
  const { OwnershipControls } = await s3.client.send(new GetBucketOwnershipControlsCommand(target))
  expect(OwnershipControls).toEqual({ Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] })
  expect((await s3.client.send(new GetBucketVersioningCommand(target))).Status).toBeUndefined()
  expect((await s3.client.send(new GetBucketAclCommand(target))).Grants).toMatchObject([{ Permission: 'FULL_CONTROL' }])
})

test('configurations come back as they were put', async () => {
  await s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }))
  expect((await s3.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled')
  const LifecycleConfiguration = {
    Rules: [
      {
        ID: 'clean',
        Status: 'Enabled' as const,
        Filter: {
          And: {
            Prefix: 'a/',
            Tags: [
              { Key: 'k', Value: 'v' },
              { Key: 'l', Value: 'w' },
            ],
          },
        },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        NoncurrentVersionExpiration: { NoncurrentDays: 30 },
      },
    ],
  }
  await s3.client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }))
  expect((await s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual(
    LifecycleConfiguration.Rules,
  )
  await s3.client.send(new DeleteBucketLifecycleCommand({ Bucket }))
  await expect(s3.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject({
    name: 'NoSuchLifecycleConfiguration',
  })
  const TagSet = [{ Key: 'team', Value: 'field + lab' }]
  await s3.client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
  expect((await s3.client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet)
  await s3.client.send(new DeleteBucketTaggingCommand({ Bucket }))
  await expect(s3.client.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({ name: 'NoSuchTagSet' })
  const OwnershipControls = { Rules: [{ ObjectOwnership: 'BucketOwnerPreferred' as const }] }
  await s3.client.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls }))
  expect((await s3.client.send(new GetBucketOwnershipControlsCommand({ Bucket }))).OwnershipControls).toEqual(
    OwnershipControls,
  )
})

test('what a bucket cannot do is refused by name', async () => {
  const encryption = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' as const } }] }
  const put = new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: encryption })
  await expect(s3.client.send(put)).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('aws:kms'),
  })
  const cors = s3.client.send(new GetBucketCorsCommand({ Bucket }))
  await expect(cors).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining('GetBucketCors'),
  })
})

const allow = (Principal: unknown, Resource: string, Condition?: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal, Action: 's3:GetObject', Resource, Condition }],
  })

test('a bucket policy is kept as it was written', async () => {
  const Policy = allow({ AWS: 'arn:aws:iam::000000000000:root' }, 'arn:aws:s3:::configured/*')
  await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }))
  expect((await s3.client.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy)
  expect((await s3.client.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus).toEqual({ IsPublic: false })
  await s3.client.send(new DeleteBucketPolicyCommand({ Bucket }))
  await expect(s3.client.send(new GetBucketPolicyCommand({ Bucket }))).rejects.toMatchObject({
    name: 'NoSuchBucketPolicy',
  })
})

test.each([
  ['no JSON', 'hello'],
  [
    'no principal',
    JSON.stringify({ Statement: { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::configured' } }),
  ],
  ['another bucket', allow('*', 'arn:aws:s3:::other/*')],
  ['a longer name', allow('*', 'arn:aws:s3:::configured-more/*')],
])('refuses a bucket policy with %s', async (_, Policy) => {
  await expect(s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }))).rejects.toMatchObject({
    name: 'MalformedPolicy',
  })
})

test('a public policy needs an open bucket, and opens it to everybody', async () => {
  const open = 'opened'
  await s3.client.send(new CreateBucketCommand({ Bucket: open }))
  await s3.client.send(new PutObjectCommand({ Bucket: open, Key: 'page', Body: 'for all' }))
  const put = () =>
    s3.client.send(new PutBucketPolicyCommand({ Bucket: open, Policy: allow('*', `arn:aws:s3:::${open}/*`) }))
  const read = async () => {
    const response = await fetch(`${s3.endpoint}/${open}/page`)
    return [response.status, (await response.text()).replace(/^.*<Code>(.*)<\/Code>.*$/s, '$1')]
  }
  await expect(put()).rejects.toMatchObject({ name: 'AccessDenied' })
  expect(await read()).toEqual([403, 'AccessDenied'])
  await s3.client.send(new DeletePublicAccessBlockCommand({ Bucket: open }))
  await put()
  expect((await s3.client.send(new GetBucketPolicyStatusCommand({ Bucket: open }))).PolicyStatus).toEqual({
    IsPublic: true,
  })
  expect(await read()).toEqual([200, 'for all'])
  const RestrictPublicBuckets = true
  await s3.client.send(
    new PutPublicAccessBlockCommand({ Bucket: open, PublicAccessBlockConfiguration: { RestrictPublicBuckets } }),
  )
  expect(await read()).toEqual([403, 'AccessDenied'])
})
