import type { RuleSyntax } from '../control/topic-rules.ts'
import { parseRuleSql } from './parse-sql.ts'

/** What the engine runs, for the control plane to refuse the rest. */
export const ruleSyntax: RuleSyntax = { parseSql: parseRuleSql, actions: ['sqs', 'lambda', 'republish'] }
