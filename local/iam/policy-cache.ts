import type { PolicyDocument } from '#local/service.ts'
import { boundedCache } from './bounded-cache.ts'
import { type CompiledPolicy, compilePolicy, type PolicyKind } from './policy/compile-policy.ts'

/** Compiles each document once, known by its identity or else by its text. */
export function policyCache(kind: PolicyKind): (document: PolicyDocument | string) => CompiledPolicy {
  const byText = boundedCache(1000, (text) => compilePolicy(text, kind))
  const byIdentity = new WeakMap<PolicyDocument, CompiledPolicy>()
  return (document) => {
    if (typeof document === 'string') return byText.get(document)
    const known = byIdentity.get(document)
    if (known !== undefined) return known
    const policy = byText.get(JSON.stringify(document))
    byIdentity.set(document, policy)
    return policy
  }
}
