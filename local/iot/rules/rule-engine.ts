import { randomUUID } from 'node:crypto'
import type { Action } from '@aws-sdk/client-iot'
import type { Publication, Publisher } from '../publication.ts'
import type { Registry, TopicRule } from '../registry/types.ts'
import { matchesTopicFilter } from '../topic-filter.ts'
import { parseBasicIngest } from '../topic-limits.ts'
import { createRuleInput, type RuleInput } from './evaluate-expression.ts'
import { evaluateRuleSql } from './evaluate-sql.ts'
import { parseRuleSql } from './parse-sql.ts'
import { type ActionInput, type ActionOptions, describeAction, runAction } from './run-action.ts'
import type { RuleStatement } from './sql-syntax.ts'

export interface RuleEngineOptions extends ActionOptions {
  readonly registry: Registry
  readonly log: (line: string) => void
}

export interface RuleEngine {
  /** Runs the rules that a publication meets. What goes to a queue is there when this returns; the rest follows. */
  process(publication: Publication, publisher: Publisher): void
  /** Resolves when nothing runs any more. */
  settled(): Promise<void>
}

interface Rule {
  readonly ruleName: string
  readonly ruleArn: string
  readonly statement: RuleStatement
  readonly actions: readonly Action[]
  readonly errorAction: Action | undefined
}

/** AWS IoT's rules engine. */
export function createRuleEngine(options: RuleEngineOptions): RuleEngine {
  const { registry, accountId, clock, log } = options
  const running = new Set<Promise<void>>()
  let rules: readonly Rule[] | undefined
  registry.changes.on('change', ({ kind }) => {
    if (kind === 'topicRule') rules = undefined
  })

  const readRule = ({ ruleName, payload }: TopicRule): Rule[] => {
    const { sql = '', actions = [], errorAction } = payload
    try {
      return [
        { ruleName, ruleArn: registry.arn.topicRule(ruleName), statement: parseRuleSql(sql), actions, errorAction },
      ]
    } catch (error) {
      // The control plane lets none in, but the registry may have been written by another version of it.
      log(`rule ${ruleName} cannot run: ${error instanceof Error ? error.message : error}`)
      return []
    }
  }
  const rulesFor = ({ topic }: Publication): readonly Rule[] => {
    rules ??= registry.enabledTopicRules().flatMap(readRule)
    const ingest = parseBasicIngest(topic)
    if (ingest) return rules.filter(({ ruleName }) => ruleName === ingest.ruleName)
    return rules.filter(({ statement: { topicFilter } }) => topicFilter && matchesTopicFilter(topicFilter, topic))
  }

  async function runRule(rule: Rule, message: RuleInput, publisher: Publisher): Promise<void> {
    const output = evaluateRuleSql(rule.statement, message)
    if (output === undefined) return
    const input: ActionInput = { ruleName: rule.ruleName, ruleArn: rule.ruleArn, output, message, publisher }
    const results = await Promise.allSettled(rule.actions.map((action) => runAction(action, input, options)))
    const failures = results.flatMap((result, index) => {
      const action = rule.actions[index]
      if (result.status === 'fulfilled' || !action) return []
      const errorMessage = result.reason instanceof Error ? result.reason.message : String(result.reason)
      return [{ ...describeAction(action), errorMessage }]
    })
    for (const { failedAction, errorMessage } of failures) {
      log(`rule ${rule.ruleName}: ${failedAction} failed: ${errorMessage}`)
    }
    if (failures.length === 0 || !rule.errorAction) return
    const report = Buffer.from(JSON.stringify(errorReport(rule.ruleName, message, failures)))
    await runAction(rule.errorAction, { ...input, output: report }, options)
  }

  return {
    process(publication, publisher) {
      const found = rulesFor(publication)
      if (found.length === 0) return
      const message = createRuleInput({
        topic: parseBasicIngest(publication.topic)?.topic ?? publication.topic,
        payload: publication.payload,
        clientId: publisher.clientId,
        principal: publisher.principal,
        sourceIp: publisher.sourceIp,
        accountId,
        traceId: randomUUID(),
        timestampMs: clock().getTime(),
      })
      for (const rule of found) {
        const run = runRule(rule, message, publisher)
          .catch((error: Error) => log(`rule ${rule.ruleName} failed: ${error.message}`))
          .finally(() => running.delete(run))
        running.add(run)
      }
    },
    async settled() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}

/** Developer guide, "Error action message format". */
function errorReport(ruleName: string, { message }: RuleInput, failures: readonly object[]) {
  return {
    ruleName,
    topic: message.topic,
    cloudwatchTraceId: message.traceId,
    clientId: message.clientId ?? 'N/A',
    base64OriginalPayload: message.payload.toString('base64'),
    failures,
  }
}
