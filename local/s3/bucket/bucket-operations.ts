import type { CreateBucketCommandInput, CreateBucketCommandOutput, ListBucketsCommandInput } from '@aws-sdk/client-s3'
import { type Call, notImplemented, type Operations } from '#local/service.ts'
import { authorizeBucket } from '../authorize.ts'
import { checkTags, maxBucketTags } from '../object/object-tags.ts'
import { aclRefusal } from '../object/refuse-unsupported.ts'
import { s3Error } from '../s3-error.ts'
import type { S3State } from '../s3-state.ts'
import { assertBucketName } from './bucket-name.ts'
import { type Bucket, bucketArn } from './bucket-table.ts'
import { newBucketConfigurations } from './new-bucket-configurations.ts'

export function bucketOperations(s3: S3State): Operations {
  return {
    CreateBucket(input: CreateBucketCommandInput, call: Call): Partial<CreateBucketCommandOutput> {
      const { Bucket: name = '', CreateBucketConfiguration, ObjectOwnership } = input
      call.authorize('s3:CreateBucket', bucketArn(name))
      assertBucketName(name)
      assertRegion(s3.region, CreateBucketConfiguration?.LocationConstraint)
      if (input.ObjectLockEnabledForBucket) throw notImplemented('CreateBucket with ObjectLockEnabledForBucket')
      if (CreateBucketConfiguration?.Location ?? CreateBucketConfiguration?.Bucket)
        throw notImplemented('directory buckets')
      const Tags = CreateBucketConfiguration?.Tags
      if (Tags) checkTags(Tags, maxBucketTags)
      const ownership = ObjectOwnership ? { Rules: [{ ObjectOwnership }] } : newBucketConfigurations.ownership
      const bucket: Bucket = {
        name,
        created: s3.clock().toISOString(),
        configurations: { ...newBucketConfigurations, ownership, ...(Tags && { tagging: { TagSet: Tags } }) },
      }
      if (input.ACL && input.ACL !== 'private') throw aclRefusal(bucket)
      const existing = s3.buckets.find(name)
      // us-east-1 takes a second creation by the owner as done.
      if (existing && s3.region !== 'us-east-1') throw s3Error('BucketAlreadyOwnedByYou', { BucketName: name })
      if (!existing) s3.buckets.put(bucket)
      return { Location: `/${name}` }
    },
    HeadBucket({ Bucket }: { Bucket: string }, call: Call) {
      authorizeBucket(call, s3.buckets.require(Bucket), 's3:ListBucket')
      return { BucketRegion: s3.region }
    },
    GetBucketLocation({ Bucket }: { Bucket: string }, call: Call) {
      authorizeBucket(call, s3.buckets.require(Bucket), 's3:GetBucketLocation')
      // us-east-1 is told as no constraint.
      return { LocationConstraint: s3.region === 'us-east-1' ? undefined : s3.region }
    },
    DeleteBucket({ Bucket }: { Bucket: string }, call: Call) {
      authorizeBucket(call, s3.buckets.require(Bucket), 's3:DeleteBucket')
      if (!s3.index.isEmpty(Bucket) || !s3.uploads.isEmpty(Bucket)) {
        const message = s3.buckets.require(Bucket).configurations.versioning
          ? 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.'
          : 'The bucket you tried to delete is not empty'
        throw s3Error('BucketNotEmpty', { BucketName: Bucket }, { message })
      }
      s3.buckets.remove(Bucket)
      return {}
    },
    ListBuckets(input: ListBucketsCommandInput, call: Call) {
      call.authorize('s3:ListAllMyBuckets', '*')
      const { Prefix = '', MaxBuckets = 10_000, ContinuationToken = '' } = input
      const after = Buffer.from(ContinuationToken, 'base64url').toString()
      const found = s3.buckets.list().filter(({ name }) => name.startsWith(Prefix) && name > after)
      const page = found.slice(0, MaxBuckets)
      return {
        Buckets: page.map(({ name, created }) => ({
          Name: name,
          CreationDate: new Date(created),
          BucketRegion: s3.region,
        })),
        Owner: { ID: s3.ownerId },
        Prefix: input.Prefix,
        ContinuationToken:
          page.length < found.length ? Buffer.from(page.at(-1)?.name ?? '').toString('base64url') : undefined,
      }
    },
  }
}

function assertRegion(region: string, constraint: string | undefined): void {
  if (constraint === undefined || constraint === region) return
  const message = `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`
  throw s3Error('IllegalLocationConstraintException', {}, { message })
}
