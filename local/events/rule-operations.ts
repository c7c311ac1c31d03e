import type {
  DeleteRuleRequest,
  DescribeRuleRequest,
  DisableRuleRequest,
  EnableRuleRequest,
  ListRuleNamesByTargetRequest,
  ListRulesRequest,
  PutRuleRequest,
} from '@aws-sdk/client-eventbridge'
import { notImplemented, type Operations } from '#local/service.ts'
import { constraint, readArn, readName, readText, refuseOthers } from './check-input.ts'
import { checkBus } from './event-bus.ts'
import { parseEventPattern } from './event-pattern.ts'
import { invalidInput } from './events-errors.ts'
import type { EventsState } from './events-state.ts'
import { findAuthorized, openRule } from './open-rule.ts'
import { pageOf } from './page.ts'
import type { Rule } from './rule-store.ts'
import { parseSchedule } from './schedule.ts'
import { mergeTags, readTags, requestTagContext } from './tag-set.ts'

export function createRuleOperations(state: EventsState) {
  const { rules, accountId, clock } = state

  /** The rule with the next run of its schedule; one whose schedule goes on as it was keeps it. */
  function schedule(rule: Rule, earlier: Rule | undefined): Rule {
    const { nextRunAtMs: _stale, ...unscheduled } = rule
    if (rule.scheduleExpression === undefined || rule.state === 'DISABLED') return unscheduled
    const goesOn = earlier?.state === 'ENABLED' && earlier.scheduleExpression === rule.scheduleExpression
    const nowMs = clock().getTime()
    const next = goesOn ? earlier.nextRunAtMs : parseSchedule(rule.scheduleExpression)(nowMs, nowMs)
    return { ...unscheduled, ...(next !== undefined && { nextRunAtMs: next }) }
  }

  return {
    PutRule(input: PutRuleRequest, call) {
      const asked = readRule(input)
      const tags = readTags(input.Tags)
      const context = { 'events:creatorAccount': accountId, ...requestTagContext(tags) }
      const which = { name: input.Name, bus: input.EventBusName }
      const { name, found } = findAuthorized(state, which, 'PutRule', call, context)
      if (Object.keys(tags).length > 0) findAuthorized(state, which, 'TagResource', call, context)
      const arn = rules.arnOf(name)
      // The tags of a rule that is there are not changed (PutRule, API reference).
      const kept = { targets: found?.targets ?? [], tags: found?.tags ?? mergeTags({}, tags) }
      rules.put(schedule({ name, arn, ...asked, ...kept }, found))
      return { RuleArn: arn }
    },

    DescribeRule(input: DescribeRuleRequest, call) {
      const rule = openRule(state, { name: input.Name, bus: input.EventBusName }, 'DescribeRule', call)
      return { ...describeRule(rule), CreatedBy: accountId }
    },

    ListRules(input: ListRulesRequest, call) {
      call.authorize('events:ListRules', rules.arnOf('*'))
      checkBus(state, input.EventBusName)
      const prefix = input.NamePrefix === undefined ? '' : readName(input.NamePrefix, 'namePrefix')
      const named = rules.list().filter(({ name }) => name.startsWith(prefix))
      const { page, paging } = pageOf(named, ({ name }) => name, input)
      return { Rules: page.map(describeRule), ...paging }
    },

    ListRuleNamesByTarget(input: ListRuleNamesByTargetRequest, call) {
      call.authorize('events:ListRuleNamesByTarget', rules.arnOf('*'))
      checkBus(state, input.EventBusName)
      const wanted = readArn(input.TargetArn, 'targetArn')
      const names = rules
        .list()
        .filter(({ targets }) => targets.some(({ Arn }) => Arn === wanted))
        .map(({ name }) => name)
      const { page, paging } = pageOf(names, (name) => name, input)
      return { RuleNames: page, ...paging }
    },

    EnableRule(input: EnableRuleRequest, call) {
      const rule = openRule(state, { name: input.Name, bus: input.EventBusName }, 'EnableRule', call)
      rules.put(schedule({ ...rule, state: 'ENABLED' }, rule))
    },

    DisableRule(input: DisableRuleRequest, call) {
      const rule = openRule(state, { name: input.Name, bus: input.EventBusName }, 'DisableRule', call)
      rules.put(schedule({ ...rule, state: 'DISABLED' }, rule))
    },

    /** Succeeds for a rule that does not exist. */
    DeleteRule(input: DeleteRuleRequest, call) {
      const which = { name: input.Name, bus: input.EventBusName }
      const { name, found } = findAuthorized(state, which, 'DeleteRule', call)
      if (found && found.targets.length > 0) throw invalidInput("Rule can't be deleted since it has targets.")
      rules.delete(name)
    },
  } satisfies Operations
}

function readRule(input: PutRuleRequest): Pick<Rule, 'state' | 'description' | 'eventPattern' | 'scheduleExpression'> {
  const { EventPattern, ScheduleExpression, Description, State = 'ENABLED' } = input
  const known = ['Name', 'EventPattern', 'ScheduleExpression', 'Description', 'State', 'Tags', 'EventBusName']
  refuseOthers(input, known, 'PutRule')
  if (!EventPattern && !ScheduleExpression) {
    throw invalidInput('Parameter(s) EventPattern or ScheduleExpression must be specified.')
  }
  if (State === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS') throw notImplemented(`the state ${State} of a rule`)
  if (State !== 'ENABLED' && State !== 'DISABLED') {
    throw constraint(State, 'state', 'Member must satisfy enum value set: [ENABLED, DISABLED]')
  }
  if (EventPattern) parseEventPattern(readText(EventPattern, 'eventPattern', { max: 4096 }))
  if (ScheduleExpression) parseSchedule(readText(ScheduleExpression, 'scheduleExpression', { max: 256 }))
  return {
    state: State,
    ...(EventPattern && { eventPattern: EventPattern }),
    ...(ScheduleExpression && { scheduleExpression: ScheduleExpression }),
    ...(Description !== undefined && { description: readText(Description, 'description', { max: 512 }) }),
  }
}

function describeRule(rule: Rule) {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventPattern: rule.eventPattern,
    ScheduleExpression: rule.scheduleExpression,
    State: rule.state,
    Description: rule.description,
    EventBusName: 'default',
  }
}
