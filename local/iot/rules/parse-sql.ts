import { notImplemented } from '#local/service.ts'
import { isTopicFilter } from '../topic-filter.ts'
import { parseExpressionFrom } from './parse-expression.ts'
import type { RuleStatement, SelectItem } from './sql-syntax.ts'
import { sqlParseError, tokenizeSql } from './sql-tokens.ts'
import { createTokenReader, type TokenReader } from './token-reader.ts'

/** Not quoted by AWS; far above any rule that a person writes. */
const MAX_SQL_LENGTH = 65_536

/**
 * Reads a rule's query: `SELECT … [FROM 'filter'] [WHERE …]`.
 * Throws SqlParseException for what is no AWS IoT SQL, NotImplemented for what AWS knows and the embedded cloud does not.
 */
export function parseRuleSql(sql: string): RuleStatement {
  if (sql.length > MAX_SQL_LENGTH) throw sqlParseError(`The SQL statement is longer than ${MAX_SQL_LENGTH} characters`)
  const reader = createTokenReader(tokenizeSql(sql))
  if (reader.isWord('set')) throw notImplemented('the SET clause of AWS IoT SQL')
  reader.expectWord('select')
  if (reader.isWord('value')) throw notImplemented('SELECT VALUE of AWS IoT SQL')
  const select = [parseSelectItem(reader)]
  while (reader.takeSymbol(',')) select.push(parseSelectItem(reader))
  const topicFilter = reader.takeWord('from') ? parseTopicFilter(reader) : undefined
  const where = reader.takeWord('where') ? parseExpressionFrom(reader) : undefined
  reader.expectEnd()
  return { select, topicFilter, where }
}

function parseSelectItem(reader: TokenReader): SelectItem {
  if (reader.takeSymbol('*')) return { expression: { kind: 'payload' }, alias: undefined }
  const expression = parseExpressionFrom(reader)
  if (reader.takeWord('as')) return { expression, alias: reader.expectName() }
  const lastName =
    expression.kind === 'path' ? expression.steps.findLast((step) => typeof step === 'string') : undefined
  // AWS does not document the name that any other expression gets.
  if (lastName === undefined) throw notImplemented('a SELECT expression without AS, other than an attribute')
  return { expression, alias: lastName }
}

function parseTopicFilter(reader: TokenReader): string {
  const topicFilter = reader.expectString()
  if (!isTopicFilter(topicFilter)) throw sqlParseError(`FROM '${topicFilter}' is not a topic filter`)
  return topicFilter
}
