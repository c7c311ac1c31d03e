import type { Store } from '#local/store.ts'
import type { ChangeFeed } from './change-feed.ts'
import type { RegistryChange } from './types.ts'

interface RelationRange {
  readonly after?: string | undefined
  readonly limit?: number | undefined
}

/** Pairs of names that can be read from either side. Names must not contain a space: it joins the two. */
export interface Relation {
  has(left: string, right: string): boolean
  /** False when the pair was there already. */
  add(left: string, right: string): boolean
  remove(left: string, right: string): boolean
  /** What `left` is paired with, in binary order. */
  rightsOf(left: string, range?: RelationRange): string[]
  leftsOf(right: string, range?: RelationRange): string[]
}

export function createRelation(store: Store, feed: ChangeFeed, kind: RegistryChange['kind']): Relation {
  const forward = store.collection<true>(`${kind}:forward`)
  const backward = store.collection<true>(`${kind}:backward`)
  const seconds = (side: typeof forward, first: string, { after, limit }: RelationRange = {}) =>
    side
      .list({ prefix: `${first} `, after: `${first} ${after ?? ''}`, ...(limit !== undefined && { limit }) })
      .map(({ id }) => id.slice(first.length + 1))

  return {
    has: (left, right) => forward.get(`${left} ${right}`) ?? false,
    add: (left, right) =>
      feed.transaction(() => {
        if (!forward.create(`${left} ${right}`, true)) return false
        backward.put(`${right} ${left}`, true)
        feed.report({ kind, id: `${left} ${right}` })
        return true
      }),
    remove: (left, right) =>
      feed.transaction(() => {
        if (!forward.delete(`${left} ${right}`)) return false
        backward.delete(`${right} ${left}`)
        feed.report({ kind, id: `${left} ${right}` })
        return true
      }),
    rightsOf: (left, range) => seconds(forward, left, range),
    leftsOf: (right, range) => seconds(backward, right, range),
  }
}
