import type { Tag } from '@aws-sdk/client-iam'
import type { Operations } from '#local/service.ts'
import type { Directory } from '../directory.ts'
import type { EntityKind } from '../records.ts'
import { authorizedEntity, type EntityInput, putEntity } from './entity-input.ts'
import { pageOf } from './page.ts'
import { describeTags, mergeTags, parseTags, removeTags, requestTagContext } from './tags.ts'

/** TagRole, UntagRole and ListRoleTags, or the same for users. */
export function tagOperations(directory: Directory, kind: EntityKind): Operations {
  const Kind = kind === 'user' ? 'User' : 'Role'
  return {
    [`Tag${Kind}`](input: EntityInput & { Tags?: Tag[] }, call) {
      const added = parseTags(input.Tags)
      const entity = authorizedEntity(directory, kind, input, call, `Tag${Kind}`, requestTagContext(added))
      directory.change(() => putEntity(directory, kind, { ...entity, tags: mergeTags(entity.tags, added) }))
    },

    [`Untag${Kind}`](input: EntityInput & { TagKeys?: string[] }, call) {
      const keys = input.TagKeys ?? []
      const entity = authorizedEntity(directory, kind, input, call, `Untag${Kind}`, { 'aws:TagKeys': keys })
      directory.change(() => putEntity(directory, kind, { ...entity, tags: removeTags(entity.tags, keys) }))
    },

    [`List${Kind}Tags`](input: EntityInput & { Marker?: string; MaxItems?: number }, call) {
      const { tags } = authorizedEntity(directory, kind, input, call, `List${Kind}Tags`)
      const rows = describeTags(tags).map((tag) => ({ id: tag.Key ?? '', value: tag }))
      const { items, paging } = pageOf(rows, input)
      return { Tags: items, ...paging }
    },
  }
}
