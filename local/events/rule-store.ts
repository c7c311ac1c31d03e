import type { Store } from '#local/store.ts'
import { type EventMatcher, parseEventPattern } from './event-pattern.ts'
import { ruleNotFound } from './events-errors.ts'

/** What a target of the embedded cloud has. */
export interface RuleTarget {
  readonly Id: string
  readonly Arn: string
  readonly Input?: string
  readonly InputPath?: string
}

export interface Rule {
  readonly name: string
  readonly arn: string
  readonly state: 'ENABLED' | 'DISABLED'
  readonly description?: string
  readonly eventPattern?: string
  readonly scheduleExpression?: string
  /** While the schedule is on and has a run to come. */
  readonly nextRunAtMs?: number
  /** Sorted by id. */
  readonly targets: readonly RuleTarget[]
  readonly tags: Readonly<Record<string, string>>
}

export type RuleStore = ReturnType<typeof createRuleStore>

/** The rules of the default event bus. All of them are held in memory, because every event meets each. */
export function createRuleStore(store: Store, arnOf: (name: string) => string) {
  const rules = store.collection<Rule>('rule')
  const byName = new Map(rules.list().map(({ id, value }) => [id, value]))
  const matchers = new Map<string, EventMatcher>()

  function matcherOf({ name, eventPattern }: Rule): EventMatcher | undefined {
    if (eventPattern === undefined) return undefined
    const matcher = matchers.get(name) ?? parseEventPattern(eventPattern)
    matchers.set(name, matcher)
    return matcher
  }

  return {
    arnOf,
    find: (name: string) => byName.get(name),
    get(name: string): Rule {
      const found = byName.get(name)
      if (!found) throw ruleNotFound(name)
      return found
    },
    put(rule: Rule): void {
      rules.put(rule.name, rule)
      byName.set(rule.name, rule)
      matchers.delete(rule.name)
    },
    delete(name: string): void {
      rules.delete(name)
      byName.delete(name)
      matchers.delete(name)
    },
    /** Sorted by name. */
    list: (): Rule[] => [...byName.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    matching: (event: object): Rule[] =>
      [...byName.values()].filter((rule) => rule.state === 'ENABLED' && matcherOf(rule)?.(event)),
    due: (nowMs: number): Rule[] =>
      [...byName.values()].filter(({ nextRunAtMs }) => nextRunAtMs !== undefined && nextRunAtMs <= nowMs),
  }
}
