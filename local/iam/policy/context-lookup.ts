import type { ConditionContext } from '#local/service.ts'

/** The value of a condition key, named in lower case: AWS compares key names without regard to case. */
export type Lookup = (lowerCaseKey: string) => string | readonly string[] | undefined

/** Reads condition keys out of several contexts, of which the later wins. Costs nothing until a policy asks. */
export function contextLookup(...contexts: readonly (ConditionContext | undefined)[]): Lookup {
  let values: Map<string, string | readonly string[]> | undefined
  return (key) => {
    values ??= mergeContexts(contexts)
    return values.get(key)
  }
}

function mergeContexts(contexts: readonly (ConditionContext | undefined)[]): Map<string, string | readonly string[]> {
  const values = new Map<string, string | readonly string[]>()
  for (const context of contexts) for (const key in context) values.set(key.toLowerCase(), context[key] ?? [])
  return values
}
