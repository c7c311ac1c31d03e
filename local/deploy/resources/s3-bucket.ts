import type { NotificationConfiguration } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { flag, integer, tags } from '../property-schemas.ts'
import {
  createOrAdopt,
  type DeployedResource,
  defineResource,
  ignoreAbsent,
  type ResourceContext,
} from '../resource-type.ts'
import { lifecycleConfiguration, toLifecycleRule } from './s3-lifecycle.ts'

const filterRule = z.strictObject({ Name: z.string(), Value: z.string() })
const notificationFilter = z.strictObject({ S3Key: z.strictObject({ Rules: z.array(filterRule) }) })

const schema = z.strictObject({
  BucketEncryption: z
    .strictObject({
      ServerSideEncryptionConfiguration: z.array(
        z.strictObject({
          BucketKeyEnabled: flag.optional(),
          ServerSideEncryptionByDefault: z.strictObject({
            KMSMasterKeyID: z.string().optional(),
            SSEAlgorithm: z.enum(['AES256', 'aws:kms']),
          }),
        }),
      ),
    })
    .optional(),
  BucketName: z.string().optional(),
  CorsConfiguration: z
    .strictObject({
      CorsRules: z.array(
        z.strictObject({
          AllowedHeaders: z.array(z.string()).optional(),
          AllowedMethods: z.array(z.string()),
          AllowedOrigins: z.array(z.string()),
          ExposedHeaders: z.array(z.string()).optional(),
          Id: z.string().optional(),
          MaxAge: integer.optional(),
        }),
      ),
    })
    .optional(),
  LifecycleConfiguration: lifecycleConfiguration.optional(),
  NotificationConfiguration: z
    .strictObject({
      QueueConfigurations: z.array(
        z.strictObject({ Event: z.string(), Filter: notificationFilter.optional(), Queue: z.string() }),
      ),
    })
    .optional(),
  OwnershipControls: z.strictObject({ Rules: z.array(z.strictObject({ ObjectOwnership: z.string() })) }).optional(),
  PublicAccessBlockConfiguration: z
    .strictObject({
      BlockPublicAcls: flag.optional(),
      BlockPublicPolicy: flag.optional(),
      IgnorePublicAcls: flag.optional(),
      RestrictPublicBuckets: flag.optional(),
    })
    .optional(),
  Tags: tags.optional(),
  VersioningConfiguration: z.strictObject({ Status: z.enum(['Enabled', 'Suspended']) }).optional(),
})
type Properties = z.infer<typeof schema>

export const bucket = defineResource<Properties>({
  schema,
  attributes: ['Arn', 'DomainName', 'DualStackDomainName', 'RegionalDomainName'],
  replacedBy: ['BucketName'],
  async create(properties, context) {
    const Bucket = properties.BucketName ?? context.generateName(63).toLowerCase()
    await createOrAdopt(
      context,
      () => context.call('s3', 'CreateBucket', { Bucket }),
      async () => {},
    )
    return configure(Bucket, properties, undefined, context)
  },
  update: (properties, deployed, context) => configure(deployed.physicalId, properties, deployed, context),
  remove: ({ physicalId }, context) => ignoreAbsent(context.call('s3', 'DeleteBucket', { Bucket: physicalId })),
})

async function configure(
  Bucket: string,
  properties: Properties,
  deployed: DeployedResource<Properties> | undefined,
  context: ResourceContext,
) {
  for (const { property, put, input, clear } of settings(properties)) {
    if (properties[property]) await context.call('s3', put, { Bucket, ...input })
    else if (deployed?.properties[property] && clear)
      await context.call('s3', clear.operation, { Bucket, ...clear.input })
  }
  const attributes = {
    Arn: `arn:aws:s3:::${Bucket}`,
    DomainName: `${Bucket}.s3.amazonaws.com`,
    DualStackDomainName: `${Bucket}.s3.dualstack.${context.region}.amazonaws.com`,
    RegionalDomainName: `${Bucket}.s3.${context.region}.amazonaws.com`,
  }
  return { physicalId: Bucket, attributes }
}

interface Setting {
  readonly property: keyof Properties
  readonly put: string
  readonly input: object
  /** What brings back the default when the property leaves the template; versioning cannot be undone, only suspended. */
  readonly clear: { readonly operation: string; readonly input?: object }
}

function settings(properties: Properties): Setting[] {
  const cors = properties.CorsConfiguration?.CorsRules.map(({ Id, MaxAge, ExposedHeaders, ...rule }) => ({
    ...rule,
    ...(Id && { ID: Id }),
    ...(MaxAge !== undefined && { MaxAgeSeconds: MaxAge }),
    ...(ExposedHeaders && { ExposeHeaders: ExposedHeaders }),
  }))
  const encryption = properties.BucketEncryption?.ServerSideEncryptionConfiguration.map(
    ({ ServerSideEncryptionByDefault, ...rest }) => ({
      ...rest,
      ApplyServerSideEncryptionByDefault: ServerSideEncryptionByDefault,
    }),
  )
  return [
    {
      property: 'PublicAccessBlockConfiguration',
      put: 'PutPublicAccessBlock',
      input: { PublicAccessBlockConfiguration: properties.PublicAccessBlockConfiguration },
      clear: { operation: 'DeletePublicAccessBlock' },
    },
    {
      property: 'OwnershipControls',
      put: 'PutBucketOwnershipControls',
      input: { OwnershipControls: properties.OwnershipControls },
      clear: { operation: 'DeleteBucketOwnershipControls' },
    },
    {
      property: 'VersioningConfiguration',
      put: 'PutBucketVersioning',
      input: { VersioningConfiguration: properties.VersioningConfiguration },
      clear: { operation: 'PutBucketVersioning', input: { VersioningConfiguration: { Status: 'Suspended' } } },
    },
    {
      property: 'BucketEncryption',
      put: 'PutBucketEncryption',
      input: { ServerSideEncryptionConfiguration: { Rules: encryption } },
      clear: { operation: 'DeleteBucketEncryption' },
    },
    {
      property: 'LifecycleConfiguration',
      put: 'PutBucketLifecycleConfiguration',
      input: { LifecycleConfiguration: { Rules: properties.LifecycleConfiguration?.Rules.map(toLifecycleRule) } },
      clear: { operation: 'DeleteBucketLifecycle' },
    },
    {
      property: 'CorsConfiguration',
      put: 'PutBucketCors',
      input: { CORSConfiguration: { CORSRules: cors } },
      clear: { operation: 'DeleteBucketCors' },
    },
    {
      property: 'Tags',
      put: 'PutBucketTagging',
      input: { Tagging: { TagSet: properties.Tags } },
      clear: { operation: 'DeleteBucketTagging' },
    },
    {
      property: 'NotificationConfiguration',
      put: 'PutBucketNotificationConfiguration',
      input: { NotificationConfiguration: toNotifications(properties) },
      clear: { operation: 'PutBucketNotificationConfiguration', input: { NotificationConfiguration: {} } },
    },
  ]
}

function toNotifications({ NotificationConfiguration }: Properties): NotificationConfiguration {
  return {
    QueueConfigurations: NotificationConfiguration?.QueueConfigurations.map(({ Event, Filter, Queue }) => ({
      QueueArn: Queue,
      Events: [Event as 's3:ObjectCreated:*'],
      ...(Filter && {
        Filter: {
          Key: { FilterRules: Filter.S3Key.Rules.map(({ Name, Value }) => ({ Name: Name as 'prefix', Value })) },
        },
      }),
    })),
  }
}
