import type { LifecycleRule } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { flag, integer } from '../property-schemas.ts'

const tagFilter = z.strictObject({ Key: z.string(), Value: z.string() })

const rule = z.strictObject({
  AbortIncompleteMultipartUpload: z.strictObject({ DaysAfterInitiation: integer }).optional(),
  ExpirationInDays: integer.optional(),
  ExpiredObjectDeleteMarker: flag.optional(),
  Id: z.string().optional(),
  NoncurrentVersionExpiration: z
    .strictObject({ NoncurrentDays: integer, NewerNoncurrentVersions: integer.optional() })
    .optional(),
  NoncurrentVersionExpirationInDays: integer.optional(),
  NoncurrentVersionTransitions: z
    .array(z.strictObject({ StorageClass: z.string(), TransitionInDays: integer }))
    .optional(),
  ObjectSizeGreaterThan: integer.optional(),
  ObjectSizeLessThan: integer.optional(),
  Prefix: z.string().optional(),
  Status: z.enum(['Enabled', 'Disabled']),
  TagFilters: z.array(tagFilter).optional(),
  Transitions: z.array(z.strictObject({ StorageClass: z.string(), TransitionInDays: integer })).optional(),
})

export const lifecycleConfiguration = z.strictObject({ Rules: z.array(rule) })

/** CloudFormation's flat rule as S3's API takes it. */
export function toLifecycleRule(from: z.infer<typeof rule>): LifecycleRule {
  const noncurrent = from.NoncurrentVersionExpiration ?? {
    NoncurrentDays: from.NoncurrentVersionExpirationInDays,
  }
  return {
    ID: from.Id,
    Status: from.Status,
    Filter: toFilter(from),
    AbortIncompleteMultipartUpload: from.AbortIncompleteMultipartUpload,
    ...(from.ExpirationInDays !== undefined && { Expiration: { Days: from.ExpirationInDays } }),
    ...(from.ExpiredObjectDeleteMarker && { Expiration: { ExpiredObjectDeleteMarker: true } }),
    ...(noncurrent.NoncurrentDays !== undefined && { NoncurrentVersionExpiration: noncurrent }),
    ...(from.Transitions && {
      Transitions: from.Transitions.map(({ StorageClass, TransitionInDays }) => ({
        Days: TransitionInDays,
        StorageClass: StorageClass as 'GLACIER',
      })),
    }),
    ...(from.NoncurrentVersionTransitions && {
      NoncurrentVersionTransitions: from.NoncurrentVersionTransitions.map(({ StorageClass, TransitionInDays }) => ({
        NoncurrentDays: TransitionInDays,
        StorageClass: StorageClass as 'GLACIER',
      })),
    }),
  }
}

/** One criterion stands alone in a filter; several stand in its `And`. */
function toFilter(from: z.infer<typeof rule>): LifecycleRule['Filter'] {
  const { Prefix, TagFilters = [], ObjectSizeGreaterThan, ObjectSizeLessThan } = from
  const sizes = {
    ...(ObjectSizeGreaterThan !== undefined && { ObjectSizeGreaterThan }),
    ...(ObjectSizeLessThan !== undefined && { ObjectSizeLessThan }),
  }
  const criteria = (Prefix === undefined ? 0 : 1) + TagFilters.length + Object.keys(sizes).length
  if (criteria === 0) return { Prefix: '' }
  if (criteria > 1) return { And: { Prefix, Tags: TagFilters, ...sizes } }
  return { ...(Prefix !== undefined && { Prefix }), ...(TagFilters[0] && { Tag: TagFilters[0] }), ...sizes }
}
