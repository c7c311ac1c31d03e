import type { BucketConfigurations } from './bucket-table.ts'

/** What every new bucket has since April 2023: https://aws.amazon.com/about-aws/whats-new/2023/04/amazon-s3-security-best-practices-buckets-default/ */
export const newBucketConfigurations = {
  encryption: {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false }],
  },
  ownership: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
  publicAccessBlock: {
    BlockPublicAcls: true,
    IgnorePublicAcls: true,
    BlockPublicPolicy: true,
    RestrictPublicBuckets: true,
  },
} satisfies BucketConfigurations
