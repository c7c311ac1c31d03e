import type {
  Action,
  CreateTopicRuleRequest,
  DeleteTopicRuleRequest,
  DisableTopicRuleRequest,
  EnableTopicRuleRequest,
  GetTopicRuleRequest,
  GetTopicRuleResponse,
  ListTopicRulesRequest,
  ListTopicRulesResponse,
  ReplaceTopicRuleRequest,
  TopicRulePayload,
} from '@aws-sdk/client-iot'
import { AwsError, type Call, notImplemented } from '#local/service.ts'
import type { Registry, TopicRule } from '../registry/types.ts'
import { matchesTopicFilter } from '../topic-filter.ts'
import type { Checked } from './checked.ts'
import { alreadyExists, invalidRequest } from './errors.ts'
import { readPage } from './pages.ts'
import { addTags } from './tag-set.ts'

/** What the rules engine can do: the control plane refuses the rest when a rule is made. */
export interface RuleSyntax {
  /** Throws for SQL that the engine does not run. */
  parseSql(sql: string): { readonly topicFilter: string | undefined }
  /** Members of the API's Action shape: `sqs`, `lambda`, … */
  readonly actions: readonly string[]
}

const passedTo = { context: { 'iam:PassedToService': 'iot.amazonaws.com' } }

export function createTopicRuleOperations(registry: Registry, syntax: RuleSyntax, clock: () => Date) {
  const { topicRules, arn } = registry

  function find(ruleName: string): TopicRule {
    const rule = topicRules.get(ruleName)
    // AWS does not tell a missing rule from one that the caller may not see.
    if (!rule) throw new AwsError('UnauthorizedException', `Access to topic rule '${ruleName}' was denied`, 401)
    return rule
  }

  function checkPayload(payload: TopicRulePayload, call: Call): void {
    syntax.parseSql(payload.sql ?? '')
    const actions = [...(payload.actions ?? []), ...(payload.errorAction ? [payload.errorAction] : [])]
    for (const action of actions) {
      const [kind, ...more] = Object.keys(action)
      if (kind === undefined || more.length > 0) throw invalidRequest('An action must have exactly one member')
      if (!syntax.actions.includes(kind)) throw notImplemented(`the topic rule action ${kind}`)
      const roleArn = roleOf(action)
      if (roleArn !== undefined) call.authorize('iam:PassRole', roleArn, passedTo)
    }
  }

  function setDisabled(ruleName: string, ruleDisabled: boolean): void {
    const rule = find(ruleName)
    topicRules.put(ruleName, { ...rule, payload: { ...rule.payload, ruleDisabled } })
  }

  return {
    CreateTopicRule(input: Checked<CreateTopicRuleRequest>, call: Call): void {
      const { ruleName, topicRulePayload: payload, tags = '' } = input
      checkPayload(payload, call)
      const ruleArn = arn.topicRule(ruleName)
      registry.transaction(() => {
        if (!topicRules.create(ruleName, { ruleName, payload, createdAtMs: clock().getTime() })) {
          throw alreadyExists('Rule with given name already exists', ruleName, ruleArn)
        }
        addTags(
          registry,
          ruleArn,
          Array.from(new URLSearchParams(tags), ([Key, Value]) => ({ Key, Value })),
        )
      })
    },

    ReplaceTopicRule({ ruleName, topicRulePayload }: Checked<ReplaceTopicRuleRequest>, call: Call): void {
      const rule = find(ruleName)
      checkPayload(topicRulePayload, call)
      topicRules.put(ruleName, { ...rule, payload: topicRulePayload })
    },

    GetTopicRule({ ruleName }: Checked<GetTopicRuleRequest>): GetTopicRuleResponse {
      const { payload, createdAtMs } = find(ruleName)
      const { sql, description, actions, ruleDisabled = false, awsIotSqlVersion = '2015-10-08', errorAction } = payload
      return {
        ruleArn: arn.topicRule(ruleName),
        rule: {
          ruleName,
          sql,
          description,
          createdAt: new Date(createdAtMs),
          actions,
          ruleDisabled,
          awsIotSqlVersion,
          errorAction,
        },
      }
    },

    ListTopicRules(input: Checked<ListTopicRulesRequest>): ListTopicRulesResponse {
      const toItem = ({ ruleName, payload, createdAtMs }: TopicRule) => ({
        ruleArn: arn.topicRule(ruleName),
        ruleName,
        topicPattern: syntax.parseSql(payload.sql ?? '').topicFilter,
        createdAt: new Date(createdAtMs),
        ruleDisabled: payload.ruleDisabled ?? false,
      })
      const page = readPage({
        token: input.nextToken,
        limit: input.maxResults,
        read: (after = '', limit) => topicRules.list({ after, limit }).map(({ value }) => toItem(value)),
        cursorOf: ({ ruleName }) => ruleName,
        keep: ({ ruleDisabled, topicPattern }) =>
          (input.ruleDisabled === undefined || ruleDisabled === input.ruleDisabled) &&
          (input.topic === undefined || (topicPattern !== undefined && matchesTopicFilter(topicPattern, input.topic))),
      })
      return { rules: [...page.rows], nextToken: page.next }
    },

    EnableTopicRule: ({ ruleName }: Checked<EnableTopicRuleRequest>): void => setDisabled(ruleName, false),
    DisableTopicRule: ({ ruleName }: Checked<DisableTopicRuleRequest>): void => setDisabled(ruleName, true),

    /** Succeeds for a rule that does not exist: AWS documents no error for it, and a deletion that is tried again must end. */
    DeleteTopicRule({ ruleName }: Checked<DeleteTopicRuleRequest>): void {
      registry.transaction(() => {
        topicRules.delete(ruleName)
        registry.tags.delete(arn.topicRule(ruleName))
      })
    },
  }
}

function roleOf(action: Action): string | undefined {
  const [details] = Object.values(action) as { roleArn?: string }[]
  return details?.roleArn
}
