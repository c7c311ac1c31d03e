import type { Call, ConditionContext } from '#local/service.ts'
import { readName } from './check-input.ts'
import { checkBus } from './event-bus.ts'
import type { EventsState } from './events-state.ts'
import type { Rule } from './rule-store.ts'
import { resourceTagContext } from './tag-set.ts'

interface RuleInput {
  readonly name: unknown
  readonly bus: string | undefined
}

/** The rule that a request is about, or its name when there is none, once the caller may do that with it. */
export function findAuthorized(
  state: EventsState,
  { name: given, bus }: RuleInput,
  action: string,
  call: Call,
  context: ConditionContext = {},
): { name: string; found: Rule | undefined } {
  const name = readName(given, 'name')
  const found = state.rules.find(name)
  call.authorize(`events:${action}`, state.rules.arnOf(name), {
    context: {
      // Whoever is in this account made its rules.
      ...(found && { 'events:creatorAccount': state.accountId, ...resourceTagContext(found.tags) }),
      ...context,
    },
  })
  checkBus(state, bus)
  return { name, found }
}

/** The same; throws ResourceNotFoundException when there is no such rule. */
export function openRule(
  state: EventsState,
  input: RuleInput,
  action: string,
  call: Call,
  context?: ConditionContext,
): Rule {
  const { name, found } = findAuthorized(state, input, action, call, context)
  return found ?? state.rules.get(name)
}
