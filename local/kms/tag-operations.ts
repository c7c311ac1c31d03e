import type {
  ListResourceTagsCommandInput,
  Tag,
  TagResourceCommandInput,
  UntagResourceCommandInput,
} from '@aws-sdk/client-kms'
import { AwsError, type ConditionContext, type Operations } from '#local/service.ts'
import { checkNotPending, type KmsState, openKey } from './open-key.ts'
import { paginate } from './paginate.ts'

const MAX_TAGS = 50

export function createTagOperations(state: KmsState) {
  return {
    ListResourceTags(input: ListResourceTagsCommandInput, call) {
      const { tags } = openKey(state, input.KeyId, 'ListResourceTags', call)
      const { page, ...rest } = paginate(Object.entries(tags).toSorted(), ([name]) => name, input)
      return { Tags: page.map(([TagKey, TagValue]) => ({ TagKey, TagValue })), ...rest }
    },

    TagResource(input: TagResourceCommandInput, call) {
      const added = parseTags({}, input.Tags ?? [])
      const key = openKey(state, input.KeyId, 'TagResource', call, requestTagContext(added))
      checkNotPending(key)
      state.keys.put({ ...key, tags: parseTags(key.tags, input.Tags ?? []) })
    },

    UntagResource(input: UntagResourceCommandInput, call) {
      const key = openKey(state, input.KeyId, 'UntagResource', call, {
        ...(input.TagKeys && { 'aws:TagKeys': input.TagKeys }),
      })
      checkNotPending(key)
      const kept = Object.entries(key.tags).filter(([name]) => !input.TagKeys?.includes(name))
      state.keys.put({ ...key, tags: Object.fromEntries(kept) })
    },
  } satisfies Operations
}

/** The tags of a key with further ones; throws TagException. */
export function parseTags(tags: Readonly<Record<string, string>>, added: readonly Tag[]): Record<string, string> {
  for (const { TagKey, TagValue } of added) {
    if (typeof TagKey !== 'string' || !/^.{1,128}$/su.test(TagKey) || TagKey.toLowerCase().startsWith('aws:')) {
      throw new AwsError('TagException', `Invalid tag key: ${TagKey}`)
    }
    if (typeof TagValue !== 'string' || TagValue.length > 256) {
      throw new AwsError('TagException', `Invalid value of tag ${TagKey}`)
    }
  }
  const merged = { ...tags, ...Object.fromEntries(added.map(({ TagKey, TagValue }) => [TagKey, TagValue])) }
  if (Object.keys(merged).length > MAX_TAGS) throw new AwsError('TagException', 'Too many tags')
  return merged
}

/** Condition keys of tags that a request brings. */
export function requestTagContext(tags: Readonly<Record<string, string>>): ConditionContext {
  const keys = Object.keys(tags)
  return {
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [`aws:RequestTag/${name}`, value])),
    ...(keys.length > 0 && { 'aws:TagKeys': keys }),
  }
}
