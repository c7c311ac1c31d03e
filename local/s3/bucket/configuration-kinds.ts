import type {
  OwnershipControls,
  ServerSideEncryptionConfiguration,
  Tagging,
  VersioningConfiguration,
} from '@aws-sdk/client-s3'
import { notImplemented } from '#local/service.ts'
import { checkNotification } from '../notification/check-notification.ts'
import { checkTags, maxBucketTags } from '../object/object-tags.ts'
import { type S3ErrorCode, s3Error } from '../s3-error.ts'
import type { Shape } from '../xml/shape.ts'
import type { BucketConfigurations } from './bucket-table.ts'
import {
  encryptionShape,
  lifecycleShape,
  notificationShape,
  ownershipShape,
  publicAccessBlockShape,
  taggingShape,
  versioningShape,
} from './configuration-shapes.ts'

/** One configuration of a bucket that can be put, read and (some) deleted as a document. */
export interface ConfigurationKind {
  readonly name: Exclude<keyof BucketConfigurations, 'policy'>
  /** The sub-resource in the query. */
  readonly query: string
  /** Names of its operations in the API model. */
  readonly operations: { readonly get: string; readonly put: string; readonly delete?: string }
  /** The member of the put's input, and the document's element. */
  readonly payload: string
  readonly root: string
  /** Whether the get's output has the payload as a member, or its members on their own. */
  readonly isWrapped: boolean
  readonly shape: Shape
  readonly actions: { readonly get: string; readonly put: string }
  /** The error of a get where there is none; undefined gets an empty document. */
  readonly absent?: S3ErrorCode
  readonly putStatus: number
  /** Refuses what cannot be honoured. */
  check?(value: never): void
}

export const configurationKinds: readonly ConfigurationKind[] = [
  {
    name: 'versioning',
    query: 'versioning',
    operations: { get: 'GetBucketVersioning', put: 'PutBucketVersioning' },
    payload: 'VersioningConfiguration',
    root: 'VersioningConfiguration',
    isWrapped: false,
    shape: versioningShape,
    actions: { get: 's3:GetBucketVersioning', put: 's3:PutBucketVersioning' },
    putStatus: 200,
    check({ Status, MFADelete }: VersioningConfiguration) {
      if (MFADelete === 'Enabled') throw notImplemented('PutBucketVersioning with MFADelete')
      if (Status !== 'Enabled' && Status !== 'Suspended') throw s3Error('MalformedXML')
    },
  },
  {
    name: 'encryption',
    query: 'encryption',
    operations: { get: 'GetBucketEncryption', put: 'PutBucketEncryption', delete: 'DeleteBucketEncryption' },
    payload: 'ServerSideEncryptionConfiguration',
    root: 'ServerSideEncryptionConfiguration',
    isWrapped: true,
    shape: encryptionShape,
    actions: { get: 's3:GetEncryptionConfiguration', put: 's3:PutEncryptionConfiguration' },
    putStatus: 200,
    check({ Rules = [] }: ServerSideEncryptionConfiguration) {
      for (const { ApplyServerSideEncryptionByDefault: byDefault } of Rules) {
        if (byDefault && byDefault.SSEAlgorithm !== 'AES256') {
          throw notImplemented(`PutBucketEncryption with ${byDefault.SSEAlgorithm}`)
        }
      }
    },
  },
  {
    name: 'publicAccessBlock',
    query: 'publicAccessBlock',
    operations: { get: 'GetPublicAccessBlock', put: 'PutPublicAccessBlock', delete: 'DeletePublicAccessBlock' },
    payload: 'PublicAccessBlockConfiguration',
    root: 'PublicAccessBlockConfiguration',
    isWrapped: true,
    shape: publicAccessBlockShape,
    actions: { get: 's3:GetBucketPublicAccessBlock', put: 's3:PutBucketPublicAccessBlock' },
    absent: 'NoSuchPublicAccessBlockConfiguration',
    putStatus: 200,
  },
  {
    name: 'ownership',
    query: 'ownershipControls',
    operations: {
      get: 'GetBucketOwnershipControls',
      put: 'PutBucketOwnershipControls',
      delete: 'DeleteBucketOwnershipControls',
    },
    payload: 'OwnershipControls',
    root: 'OwnershipControls',
    isWrapped: true,
    shape: ownershipShape,
    actions: { get: 's3:GetBucketOwnershipControls', put: 's3:PutBucketOwnershipControls' },
    absent: 'OwnershipControlsNotFoundError',
    putStatus: 200,
    check({ Rules = [] }: OwnershipControls) {
      const known = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']
      if (Rules.length !== 1 || !known.includes(Rules[0]?.ObjectOwnership ?? '')) throw s3Error('MalformedXML')
    },
  },
  {
    name: 'lifecycle',
    query: 'lifecycle',
    operations: {
      get: 'GetBucketLifecycleConfiguration',
      put: 'PutBucketLifecycleConfiguration',
      delete: 'DeleteBucketLifecycle',
    },
    payload: 'LifecycleConfiguration',
    root: 'LifecycleConfiguration',
    isWrapped: false,
    shape: lifecycleShape,
    actions: { get: 's3:GetLifecycleConfiguration', put: 's3:PutLifecycleConfiguration' },
    absent: 'NoSuchLifecycleConfiguration',
    putStatus: 200,
  },
  {
    name: 'tagging',
    query: 'tagging',
    operations: { get: 'GetBucketTagging', put: 'PutBucketTagging', delete: 'DeleteBucketTagging' },
    payload: 'Tagging',
    root: 'Tagging',
    isWrapped: false,
    shape: taggingShape,
    actions: { get: 's3:GetBucketTagging', put: 's3:PutBucketTagging' },
    absent: 'NoSuchTagSet',
    putStatus: 204,
    check({ TagSet = [] }: Tagging) {
      checkTags(TagSet, maxBucketTags)
    },
  },
  {
    name: 'notification',
    query: 'notification',
    operations: { get: 'GetBucketNotificationConfiguration', put: 'PutBucketNotificationConfiguration' },
    payload: 'NotificationConfiguration',
    root: 'NotificationConfiguration',
    isWrapped: false,
    shape: notificationShape,
    actions: { get: 's3:GetBucketNotification', put: 's3:PutBucketNotification' },
    putStatus: 200,
    check: checkNotification,
  },
]
