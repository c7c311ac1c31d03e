import { evaluateExpression, type RuleInput } from './evaluate-expression.ts'
import type { RuleStatement, SqlObject } from './sql-syntax.ts'
import { isSqlObject } from './sql-values.ts'

/** What a rule hands to its actions, or undefined when its WHERE is not true. */
export function evaluateRuleSql(statement: RuleStatement, input: RuleInput): Buffer | undefined {
  if (statement.where && evaluateExpression(statement.where, input) !== true) return undefined
  const [only] = statement.select
  // `SELECT *` alone passes the payload on as it is, JSON or not.
  if (statement.select.length === 1 && only?.alias === undefined) return input.message.payload

  let output: SqlObject = {}
  for (const { expression, alias } of statement.select) {
    const value = evaluateExpression(expression, input)
    if (alias !== undefined) output = { ...output, [alias]: value }
    else if (isSqlObject(value)) output = { ...output, ...value }
  }
  return Buffer.from(JSON.stringify(output))
}
