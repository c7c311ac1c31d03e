import type { Tag } from '@aws-sdk/client-s3'
import { s3Error } from '../s3-error.ts'
import type { Tags } from '../storage/object-version.ts'

const maxObjectTags = 10
export const maxBucketTags = 50
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u

/** Reads the `x-amz-tagging` header: `key=value&key=value`, form-encoded. */
export function parseTaggingHeader(header: string | undefined): Tags {
  if (!header) return {}
  return checkTags(
    [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value })),
    maxObjectTags,
  )
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
export function checkTags(tagSet: readonly Tag[], maxTags = maxObjectTags): Tags {
  if (tagSet.length > maxTags)
    throw s3Error('BadRequest', {}, { message: `Object tags cannot be greater than ${maxTags}` })
  const tags = new Map<string, string>()
  for (const { Key = '', Value = '' } of tagSet) {
    if (Key === '' || Key.length > 128 || !allowed.test(Key)) {
      throw s3Error('InvalidTag', { TagKey: Key }, { message: 'The TagKey you have provided is invalid' })
    }
    if (Value.length > 256 || !allowed.test(Value)) {
      throw s3Error(
        'InvalidTag',
        { TagKey: Key, TagValue: Value },
        { message: 'The TagValue you have provided is invalid' },
      )
    }
    if (Key.startsWith('aws:'))
      throw s3Error('InvalidTag', { TagKey: Key }, { message: 'System tags cannot be added/updated by requester' })
    if (tags.has(Key))
      throw s3Error('InvalidTag', { TagKey: Key }, { message: 'Cannot provide multiple Tags with the same key' })
    tags.set(Key, Value)
  }
  return Object.fromEntries(tags)
}

export function toTagSet(tags: Tags): Required<Tag>[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** Condition keys of the tags that a request brings. */
export function requestTagContext(tags: Tags): Record<string, string | string[]> {
  const keys = Object.keys(tags)
  if (keys.length === 0) return {}
  return { ...prefixKeys('s3:RequestObjectTag/', tags), 's3:RequestObjectTagKeys': keys }
}

/** Condition keys of the tags that the object has. */
export function existingTagContext(tags: Tags | undefined): Record<string, string> {
  return prefixKeys('s3:ExistingObjectTag/', tags ?? {})
}

function prefixKeys(prefix: string, tags: Tags): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [prefix + key, value]))
}
