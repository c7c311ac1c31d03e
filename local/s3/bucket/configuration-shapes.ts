import { flatList, struct, wrappedList } from '../xml/shape.ts'

/** The documents of bucket configurations, as far as they are acted on or kept. An element that is missing here is refused. */

export const versioningShape = struct({ Status: 'text', MFADelete: 'text' }, { elements: { MFADelete: 'MfaDelete' } })

export const encryptionShape = struct(
  {
    Rules: flatList(
      'Rule',
      struct({
        ApplyServerSideEncryptionByDefault: struct(
          { SSEAlgorithm: 'text', KMSMasterKeyID: 'text' },
          { required: ['SSEAlgorithm'] },
        ),
        BucketKeyEnabled: 'boolean',
      }),
    ),
  },
  { required: ['Rules'] },
)

export const publicAccessBlockShape = struct({
  BlockPublicAcls: 'boolean',
  IgnorePublicAcls: 'boolean',
  BlockPublicPolicy: 'boolean',
  RestrictPublicBuckets: 'boolean',
})

export const ownershipShape = struct(
  { Rules: flatList('Rule', struct({ ObjectOwnership: 'text' }, { required: ['ObjectOwnership'] })) },
  { required: ['Rules'] },
)

const tag = struct({ Key: 'text', Value: 'text' }, { required: ['Key', 'Value'] })

export const createBucketShape = struct({
  LocationConstraint: 'text',
  Location: struct({ Type: 'text', Name: 'text' }),
  Bucket: struct({ DataRedundancy: 'text', Type: 'text' }),
  Tags: wrappedList('Tag', tag),
})

export const taggingShape = struct({ TagSet: wrappedList('Tag', tag) }, { required: ['TagSet'] })

const transition = { Days: 'number', Date: 'text', StorageClass: 'text' } as const
const lifecycleRule = struct(
  {
    ID: 'text',
    Prefix: 'text',
    Filter: struct({
      Prefix: 'text',
      Tag: tag,
      ObjectSizeGreaterThan: 'number',
      ObjectSizeLessThan: 'number',
      And: struct({
        Prefix: 'text',
        Tags: flatList('Tag', tag),
        ObjectSizeGreaterThan: 'number',
        ObjectSizeLessThan: 'number',
      }),
    }),
    Status: 'text',
    Expiration: struct({ Days: 'number', Date: 'text', ExpiredObjectDeleteMarker: 'boolean' }),
    NoncurrentVersionExpiration: struct({ NoncurrentDays: 'number', NewerNoncurrentVersions: 'number' }),
    Transitions: flatList('Transition', struct(transition)),
    NoncurrentVersionTransitions: flatList(
      'NoncurrentVersionTransition',
      struct({ NoncurrentDays: 'number', NewerNoncurrentVersions: 'number', StorageClass: 'text' }),
    ),
    AbortIncompleteMultipartUpload: struct({ DaysAfterInitiation: 'number' }),
  },
  { required: ['Status'] },
)

export const lifecycleShape = struct({ Rules: flatList('Rule', lifecycleRule) }, { required: ['Rules'] })

const filter = struct(
  { Key: struct({ FilterRules: flatList('FilterRule', struct({ Name: 'text', Value: 'text' })) }) },
  { elements: { Key: 'S3Key' } },
)
const destination = { Id: 'text', Events: flatList('Event', 'text'), Filter: filter } as const

export const notificationShape = struct({
  QueueConfigurations: flatList(
    'QueueConfiguration',
    struct({ ...destination, QueueArn: 'text' }, { required: ['QueueArn', 'Events'], elements: { QueueArn: 'Queue' } }),
  ),
  TopicConfigurations: flatList(
    'TopicConfiguration',
    struct({ ...destination, TopicArn: 'text' }, { elements: { TopicArn: 'Topic' } }),
  ),
  LambdaFunctionConfigurations: flatList(
    'CloudFunctionConfiguration',
    struct({ ...destination, LambdaFunctionArn: 'text' }, { elements: { LambdaFunctionArn: 'CloudFunction' } }),
  ),
  EventBridgeConfiguration: struct({}),
})
