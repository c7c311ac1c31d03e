import type { Tag } from '@aws-sdk/client-eventbridge'
import type { ConditionContext } from '#local/service.ts'
import { readText } from './check-input.ts'
import { invalidInput } from './events-errors.ts'

export type Tags = Readonly<Record<string, string>>

const maxTags = 50

export function readTags(tags: readonly Tag[] = []): Tags {
  return Object.fromEntries(
    tags.map(({ Key, Value }) => {
      const key = readText(Key, 'tags.member.key', { min: 1, max: 128 })
      if (key.toLowerCase().startsWith('aws:')) throw invalidInput(`Tag key ${key} is reserved for AWS.`)
      return [key, readText(Value, 'tags.member.value', { max: 256 })]
    }),
  )
}

export function mergeTags(tags: Tags, added: Tags): Tags {
  const merged = { ...tags, ...added }
  if (Object.keys(merged).length > maxTags) throw invalidInput(`A resource can have at most ${maxTags} tags.`)
  return merged
}

export function requestTagContext(tags: Tags): ConditionContext {
  const keys = Object.keys(tags)
  return {
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
    ...(keys.length > 0 && { 'aws:TagKeys': keys }),
  }
}

export function resourceTagContext(tags: Tags): ConditionContext {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]))
}
