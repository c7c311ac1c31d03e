import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  TagResourceResponse,
  UntagResourceRequest,
  UntagResourceResponse,
} from '@aws-sdk/client-iot'
import type { Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { invalidRequest, notFound } from './errors.ts'
import { pageNames } from './pages.ts'
import { addTags, toTagList } from './tag-set.ts'

export function createTagOperations(registry: Registry) {
  function checkTaggable(resourceArn: string): void {
    const name = resourceArn.slice(resourceArn.lastIndexOf('/') + 1)
    const { arn } = registry
    const taggable = [
      [arn.thingType, registry.thingTypes],
      [arn.thingGroup, registry.thingGroups],
      [arn.policy, registry.policies],
      [arn.roleAlias, registry.roleAliases],
      [arn.topicRule, registry.topicRules],
      [arn.caCertificate, registry.caCertificates],
    ] as const
    const kind = taggable.find(([toArn]) => toArn(name) === resourceArn)
    if (!kind) throw invalidRequest(`Resource ${resourceArn} cannot be tagged`)
    if (!kind[1].get(name)) throw notFound(`Resource ${resourceArn} does not exist`)
  }

  return {
    TagResource({ resourceArn, tags }: Checked<TagResourceRequest>): TagResourceResponse {
      checkTaggable(resourceArn)
      addTags(registry, resourceArn, tags)
      return {}
    },

    UntagResource({ resourceArn, tagKeys }: Checked<UntagResourceRequest>): UntagResourceResponse {
      checkTaggable(resourceArn)
      const kept = Object.entries(registry.tags.get(resourceArn) ?? {}).filter(([key]) => !tagKeys.includes(key))
      registry.tags.put(resourceArn, Object.fromEntries(kept))
      return {}
    },

    ListTagsForResource(input: Checked<ListTagsForResourceRequest>): ListTagsForResourceResponse {
      checkTaggable(input.resourceArn)
      const tags = registry.tags.get(input.resourceArn) ?? {}
      const page = pageNames(Object.keys(tags), input.nextToken, undefined)
      return {
        tags: toTagList(Object.fromEntries(page.rows.map((key) => [key, tags[key] ?? '']))),
        nextToken: page.next,
      }
    },
  }
}
