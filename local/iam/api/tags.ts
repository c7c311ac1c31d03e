import type { Tag } from '@aws-sdk/client-iam'
import type { ConditionContext } from '#local/service.ts'
import { AwsError } from '#local/service.ts'
import { limitExceeded } from '../iam-errors.ts'
import { constraintError } from './check-text.ts'

type Tags = Readonly<Record<string, string>>

const maxTags = 50

export function parseTags(tags: readonly Tag[] = []): Tags {
  const parsed: Record<string, string> = {}
  tags.forEach(({ Key, Value }, index) => {
    checkKey(Key, `tags.${index + 1}.member.key`)
    if (typeof Value !== 'string' || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(Value))
      throw constraintError(
        `'${Value}'`,
        `tags.${index + 1}.member.value`,
        'Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*',
      )
    const isDuplicate = Object.keys(parsed).some((key) => key.toLowerCase() === Key?.toLowerCase())
    if (isDuplicate)
      throw new AwsError('InvalidInput', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.')
    if (Key !== undefined) parsed[Key] = Value
  })
  return parsed
}

/** A key that is there in another case is the same key. */
export function mergeTags(tags: Tags, added: Tags): Tags {
  const kept = removeTags(tags, Object.keys(added))
  const merged = { ...kept, ...added }
  if (Object.keys(merged).length > maxTags)
    throw limitExceeded(`The number of tags has reached the maximum limit (${maxTags}).`)
  return merged
}

export function removeTags(tags: Tags, keys: readonly string[]): Tags {
  const removed = new Set(keys.map((key) => key.toLowerCase()))
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !removed.has(key.toLowerCase())))
}

export function describeTags(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

export function requestTagContext(tags: Tags): ConditionContext {
  const keys = Object.keys(tags)
  return {
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...(keys.length > 0 && { 'aws:TagKeys': keys }),
  }
}

export function resourceTagContext(tags: Tags): ConditionContext {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  )
}

function checkKey(key: string | undefined, member: string): void {
  if (typeof key !== 'string' || !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key))
    throw constraintError(
      `'${key}'`,
      member,
      'Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+',
    )
  if (key.toLowerCase().startsWith('aws:'))
    throw new AwsError('InvalidInput', 'System tags cannot be added/updated by requester.')
}
