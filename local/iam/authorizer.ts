import type { Authorizer, Caller, ConditionContext } from '#local/service.ts'
import { accessDenied } from './access-denied.ts'
import type { DecisionFeed } from './decisions.ts'
import type { EffectivePolicies } from './effective-policies.ts'
import { contextLookup } from './policy/context-lookup.ts'
import { type AttachedPolicy, decide } from './policy/decide.ts'
import { policyCache } from './policy-cache.ts'

interface DecideOptions {
  readonly context?: ConditionContext | undefined
  /** A policy of the resource itself. */
  readonly onResource?: AttachedPolicy | undefined
  readonly resourceMustAllow?: boolean
}

/** Decides, tells who listens, and throws AccessDenied unless the decision is to allow. */
export type RequireAccess = (caller: Caller, action: string, resource: string, options: DecideOptions) => void

export function requireAccess(policiesOf: (caller: Caller) => EffectivePolicies, feed: DecisionFeed): RequireAccess {
  const compileSessionPolicy = policyCache('identity')
  return (caller, action, resource, { context, onResource, resourceMustAllow = false }) => {
    const { identity, boundary } = policiesOf(caller)
    const session: AttachedPolicy | undefined = caller.sessionPolicy && {
      type: 'session',
      owner: caller.arn,
      name: 'session policy',
      policy: compileSessionPolicy(caller.sessionPolicy),
    }
    const request = { action, resource, lookup: contextLookup(caller.context, context) }
    const decision = decide(caller, { identity, boundary, session, resource: onResource, resourceMustAllow }, request)
    feed.publish(caller, request, decision)
    if (decision.outcome !== 'allow') throw accessDenied(caller, action, resource, decision)
  }
}

export function createAuthorizer(requireAccessTo: RequireAccess): Authorizer {
  const compile = policyCache('resource')
  return {
    require(caller, action, resource, { context, resourcePolicy } = {}) {
      const onResource: AttachedPolicy | undefined = resourcePolicy && {
        type: 'resource',
        owner: resource,
        name: 'resource policy',
        policy: compile(resourcePolicy),
      }
      // Without a word in its key policy, no identity policy reaches a KMS key (KMS developer guide, "Key policies").
      const resourceMustAllow = onResource !== undefined && action.startsWith('kms:')
      requireAccessTo(caller, action, resource, { context, onResource, resourceMustAllow })
    },
  }
}
