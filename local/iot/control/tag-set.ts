import type { Tag } from '@aws-sdk/client-iot'
import type { Registry } from '../registry/types.ts'
import { invalidRequest, limitExceeded } from './errors.ts'

/** Tags on one resource: AWS general tag restrictions. */
const maxTags = 50

export function addTags(registry: Registry, resourceArn: string, tags: readonly Tag[] | undefined): void {
  if (tags === undefined || tags.length === 0) return
  const next = new Map(Object.entries(registry.tags.get(resourceArn) ?? {}))
  for (const { Key: key = '', Value: value = '' } of tags) {
    if (key.startsWith('aws:')) throw invalidRequest('Tag keys must not start with aws:')
    next.set(key, value)
  }
  if (next.size > maxTags) throw limitExceeded(`A resource can have at most ${maxTags} tags`)
  registry.tags.put(resourceArn, Object.fromEntries(next))
}

export function toTagList(tags: Readonly<Record<string, string>>): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}
