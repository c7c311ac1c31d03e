import type { ListTargetsByRuleRequest, PutTargetsRequest, RemoveTargetsRequest } from '@aws-sdk/client-eventbridge'
import type { Operations } from '#local/service.ts'
import { readList, readName } from './check-input.ts'
import { limitExceeded } from './events-errors.ts'
import type { EventsState } from './events-state.ts'
import { openRule } from './open-rule.ts'
import { pageOf } from './page.ts'
import { readTarget } from './read-target.ts'

/** EventBridge quotas, "Targets per rule". */
const maxTargets = 5

export function createTargetOperations(state: EventsState) {
  const { rules } = state

  return {
    PutTargets(input: PutTargetsRequest, call) {
      const asked = readList(input.Targets, 'targets', 100)
      const context = { 'events:TargetArn': asked.map(({ Arn }) => String(Arn)) }
      const rule = openRule(state, { name: input.Rule, bus: input.EventBusName }, 'PutTargets', call, context)
      const byId = new Map(rule.targets.map((target) => [target.Id, target]))
      for (const target of asked.map((item) => readTarget(item, state))) byId.set(target.Id, target)
      if (byId.size > maxTargets) throw limitExceeded()
      const targets = [...byId.values()].toSorted((left, right) => (left.Id < right.Id ? -1 : 1))
      rules.put({ ...rule, targets })
      return { FailedEntryCount: 0, FailedEntries: [] }
    },

    RemoveTargets(input: RemoveTargetsRequest, call) {
      const ids = readList(input.Ids, 'ids', 100).map((id) => readName(id, 'ids.member'))
      const rule = openRule(state, { name: input.Rule, bus: input.EventBusName }, 'RemoveTargets', call)
      const absent = ids.filter((id) => !rule.targets.some(({ Id }) => Id === id))
      rules.put({ ...rule, targets: rule.targets.filter(({ Id }) => !ids.includes(Id)) })
      return {
        FailedEntryCount: absent.length,
        FailedEntries: absent.map((TargetId) => ({
          TargetId,
          ErrorCode: 'ResourceNotFoundException',
          ErrorMessage: `Rule '${rule.name}' does not have a target with the Id '${TargetId}'.`,
        })),
      }
    },

    ListTargetsByRule(input: ListTargetsByRuleRequest, call) {
      const rule = openRule(state, { name: input.Rule, bus: input.EventBusName }, 'ListTargetsByRule', call)
      const { page, paging } = pageOf(rule.targets, ({ Id }) => Id, input)
      return { Targets: page, ...paging }
    },
  } satisfies Operations
}
