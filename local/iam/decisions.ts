import type { Caller } from '#local/service.ts'
import type { Decision, PolicyType } from './policy/decide.ts'
import type { Outcome } from './policy/evaluate-policies.ts'
import { type AccessRequest, matchedPatterns } from './policy/match-statement.ts'

/** A statement that had a say in a decision. */
interface DecidingStatement {
  readonly policyType: PolicyType
  /** ARN of the user, role or resource that the policy is attached to. */
  readonly owner: string
  /** Name of an inline policy, ARN of a managed one. */
  readonly policyName: string
  readonly statementIndex: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** The first pattern of Action and of Resource that matched; undefined for NotAction and NotResource. */
  readonly actionPattern: string | undefined
  readonly resourcePattern: string | undefined
}

export interface DecisionRecord {
  readonly caller: Caller
  readonly action: string
  readonly resource: string
  readonly outcome: Outcome
  readonly decidedBy: PolicyType
  readonly statements: readonly DecidingStatement[]
}

/** Who listens hears of every decision; while nobody does, it costs nothing. */
export interface Decisions {
  /** Returns what ends the subscription. */
  subscribe(listener: (record: DecisionRecord) => void): () => void
}

export interface DecisionFeed extends Decisions {
  publish(caller: Caller, request: AccessRequest, decision: Decision): void
}

export function createDecisionFeed(): DecisionFeed {
  const listeners = new Set<(record: DecisionRecord) => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish(caller, request, decision) {
      if (listeners.size === 0) return
      const record = describe(caller, request, decision)
      for (const listener of listeners) listener(record)
    },
  }
}

function describe(caller: Caller, request: AccessRequest, { outcome, decidedBy, matched }: Decision): DecisionRecord {
  const statements = matched.map(({ source, statement }): DecidingStatement => {
    const { action, resource } = matchedPatterns(statement, request)
    return {
      policyType: source.type,
      owner: source.owner,
      policyName: source.name,
      statementIndex: statement.index,
      sid: statement.sid,
      effect: statement.effect,
      actionPattern: action,
      resourcePattern: resource,
    }
  })
  return { caller, action: request.action, resource: request.resource, outcome, decidedBy, statements }
}
