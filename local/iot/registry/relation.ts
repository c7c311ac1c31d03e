import type { Store } from '#local/store.ts'

/** Pairs of names that can be read from either side. Names must not contain a space: it joins the two. */
export interface Relation {
  has(left: string, right: string): boolean
  /** False when the pair was there already. */
  add(left: string, right: string): boolean
  remove(left: string, right: string): boolean
  /** What `left` is paired with, in binary order. */
  rightsOf(left: string): string[]
  leftsOf(right: string): string[]
}

export function createRelation(store: Store, name: string, onChange: (pair: string) => void): Relation {
  const forward = store.collection<true>(`${name}:forward`)
  const backward = store.collection<true>(`${name}:backward`)
  const secondNames = (side: typeof forward, first: string) =>
    side.list({ prefix: `${first} ` }).map(({ id }) => id.slice(first.length + 1))

  return {
    has: (left, right) => forward.get(`${left} ${right}`) ?? false,
    add: (left, right) =>
      store.transaction(() => {
        if (!forward.create(`${left} ${right}`, true)) return false
        backward.put(`${right} ${left}`, true)
        onChange(`${left} ${right}`)
        return true
      }),
    remove: (left, right) =>
      store.transaction(() => {
        if (!forward.delete(`${left} ${right}`)) return false
        backward.delete(`${right} ${left}`)
        onChange(`${left} ${right}`)
        return true
      }),
    rightsOf: (left) => secondNames(forward, left),
    leftsOf: (right) => secondNames(backward, right),
  }
}
