import type {
  BucketLifecycleConfiguration,
  NotificationConfiguration,
  OwnershipControls,
  PublicAccessBlockConfiguration,
  ServerSideEncryptionConfiguration,
  Tagging,
  VersioningConfiguration,
} from '@aws-sdk/client-s3'
import type { PolicyDocument } from '#local/service.ts'
import type { Store } from '#local/store.ts'
import { s3Error } from '../s3-error.ts'

export interface BucketConfigurations {
  readonly versioning?: VersioningConfiguration | undefined
  readonly encryption?: ServerSideEncryptionConfiguration | undefined
  readonly publicAccessBlock?: PublicAccessBlockConfiguration | undefined
  readonly ownership?: OwnershipControls | undefined
  readonly lifecycle?: BucketLifecycleConfiguration | undefined
  readonly tagging?: Tagging | undefined
  readonly notification?: NotificationConfiguration | undefined
  /** As it was put, and read. */
  readonly policy?: { readonly text: string; readonly document: PolicyDocument } | undefined
}

export interface Bucket {
  readonly name: string
  /** ISO time. */
  readonly created: string
  readonly configurations: BucketConfigurations
}

/** All buckets: kept in memory, since every request asks for one, and written through. */
export interface BucketTable {
  find(name: string): Bucket | undefined
  /** Throws NoSuchBucket. */
  require(name: string): Bucket
  list(): Bucket[]
  put(bucket: Bucket): void
  configure(name: string, configurations: BucketConfigurations): void
  remove(name: string): void
}

export function openBuckets(store: Store): BucketTable {
  const stored = store.collection<Bucket>('bucket')
  const buckets = new Map(stored.list().map(({ id, value }) => [id, value]))

  function put(bucket: Bucket): void {
    stored.put(bucket.name, bucket)
    buckets.set(bucket.name, bucket)
  }

  function require(name: string): Bucket {
    const bucket = buckets.get(name)
    if (!bucket) throw s3Error('NoSuchBucket', { BucketName: name })
    return bucket
  }

  return {
    find: (name) => buckets.get(name),
    require,
    list: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    put,
    configure(name, configurations) {
      const bucket = require(name)
      put({ ...bucket, configurations: { ...bucket.configurations, ...configurations } })
    },
    remove(name) {
      stored.delete(name)
      buckets.delete(name)
    },
  }
}

export function isVersioned(bucket: Bucket): boolean {
  return bucket.configurations.versioning?.Status === 'Enabled'
}

export function bucketArn(name: string): string {
  return `arn:aws:s3:::${name}`
}
