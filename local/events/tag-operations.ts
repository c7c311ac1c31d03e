import type { ListTagsForResourceRequest, TagResourceRequest, UntagResourceRequest } from '@aws-sdk/client-eventbridge'
import { type Call, type ConditionContext, notImplemented, type Operations } from '#local/service.ts'
import { readArn } from './check-input.ts'
import { notFound } from './events-errors.ts'
import type { EventsState } from './events-state.ts'
import type { Rule } from './rule-store.ts'
import { mergeTags, readTags, requestTagContext, resourceTagContext } from './tag-set.ts'

export function createTagOperations(state: EventsState) {
  const { rules, busArn } = state

  function openByArn(given: unknown, action: string, call: Call, context: ConditionContext = {}): Rule {
    const arn = readArn(given, 'resourceARN')
    const found = rules.list().find((rule) => rule.arn === arn)
    call.authorize(`events:${action}`, arn, { context: { ...resourceTagContext(found?.tags ?? {}), ...context } })
    if (arn === busArn) throw notImplemented('tags of an event bus')
    if (!found) throw notFound(`Resource ${arn} does not exist.`)
    return found
  }

  return {
    TagResource(input: TagResourceRequest, call) {
      const added = readTags(input.Tags)
      const rule = openByArn(input.ResourceARN, 'TagResource', call, requestTagContext(added))
      rules.put({ ...rule, tags: mergeTags(rule.tags, added) })
      return {}
    },

    UntagResource(input: UntagResourceRequest, call) {
      const keys = input.TagKeys ?? []
      const rule = openByArn(input.ResourceARN, 'UntagResource', call, { 'aws:TagKeys': keys })
      const kept = Object.entries(rule.tags).filter(([key]) => !keys.includes(key))
      rules.put({ ...rule, tags: Object.fromEntries(kept) })
      return {}
    },

    ListTagsForResource(input: ListTagsForResourceRequest, call) {
      const { tags } = openByArn(input.ResourceARN, 'ListTagsForResource', call)
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }
    },
  } satisfies Operations
}
