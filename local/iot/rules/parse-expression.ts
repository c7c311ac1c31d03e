import { notImplemented } from '#local/service.ts'
import { absentSqlFunctions, sqlFunctions } from './sql-functions.ts'
import type { BinaryOperator, Expression } from './sql-syntax.ts'
import { sqlParseError, tokenizeSql } from './sql-tokens.ts'
import { createTokenReader, type TokenReader } from './token-reader.ts'

/** Keeps the parser's and the evaluator's recursion far from the stack's end. */
const MAX_DEPTH = 100

const OPERATORS: readonly (readonly BinaryOperator[])[] = [
  ['or'],
  ['and'],
  ['=', '<>', '<', '<=', '>', '>=', 'in'],
  ['+', '-'],
  ['*', '/', '%'],
]
const NOT_LEVEL = 2
const RESERVED = new Set(['select', 'from', 'where', 'as', 'and', 'or', 'not', 'in'])
const CONSTANTS: ReadonlyMap<string, null | boolean | undefined> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
])

/** Reads an expression that stands alone, as in a substitution template. */
export function parseExpression(text: string): Expression {
  const reader = createTokenReader(tokenizeSql(text))
  const expression = parseExpressionFrom(reader)
  reader.expectEnd()
  return expression
}

/** Reads the expression that begins at the reader's position. */
export function parseExpressionFrom(reader: TokenReader): Expression {
  return parseLevel(reader, 0, 0)
}

function parseLevel(reader: TokenReader, level: number, depth: number): Expression {
  if (depth > MAX_DEPTH) throw sqlParseError('The expression is too deeply nested')
  const operators = OPERATORS[level]
  if (!operators) return parseUnary(reader, depth)
  if (level === NOT_LEVEL && reader.takeWord('not')) {
    return { kind: 'unary', operator: 'not', operand: parseLevel(reader, level, depth + 1) }
  }
  let left = parseLevel(reader, level + 1, depth)
  for (let length = depth; ; length++) {
    const operator = takeOperator(reader, operators)
    if (!operator) return left
    if (length > MAX_DEPTH) throw sqlParseError('The expression is too long')
    left = { kind: 'binary', operator, left, right: parseLevel(reader, level + 1, depth) }
  }
}

function takeOperator(reader: TokenReader, operators: readonly BinaryOperator[]): BinaryOperator | undefined {
  const { kind, text } = reader.peek()
  if (kind !== 'symbol' && kind !== 'word') return undefined
  const found = operators.find((operator) => operator === (text === '!=' ? '<>' : text.toLowerCase()))
  if (found) reader.take()
  return found
}

function parseUnary(reader: TokenReader, depth: number): Expression {
  if (!reader.takeSymbol('-')) return parsePrimary(reader, depth)
  if (depth > MAX_DEPTH) throw sqlParseError('The expression is too deeply nested')
  return { kind: 'unary', operator: '-', operand: parseUnary(reader, depth + 1) }
}

function parsePrimary(reader: TokenReader, depth: number): Expression {
  const { kind, text } = reader.peek()
  if (kind === 'number') return { kind: 'literal', value: Number(reader.take().text) }
  if (kind === 'string') return { kind: 'literal', value: reader.take().text }
  if (reader.takeSymbol('(')) {
    if (reader.isWord('select')) throw notImplemented('nested SELECT of AWS IoT SQL')
    const expression = parseLevel(reader, 0, depth + 1)
    reader.expectSymbol(')')
    return expression
  }
  if (reader.takeSymbol('[')) return { kind: 'list', items: parseItems(reader, ']', depth) }
  if (kind !== 'word' || RESERVED.has(text.toLowerCase())) throw reader.unexpected('an expression')
  reader.take()
  if (reader.takeSymbol('(')) return withSteps(parseCall(reader, text.toLowerCase(), depth), parseSteps(reader))
  if (text.toLowerCase() === 'case') throw notImplemented('CASE of AWS IoT SQL')
  if (CONSTANTS.has(text.toLowerCase())) return { kind: 'literal', value: CONSTANTS.get(text.toLowerCase()) }
  return withSteps({ kind: 'payload' }, [text, ...parseSteps(reader)])
}

function withSteps(base: Expression, steps: readonly (string | number)[]): Expression {
  return steps.length === 0 ? base : { kind: 'path', base, steps }
}

function parseSteps(reader: TokenReader): (string | number)[] {
  const steps: (string | number)[] = []
  for (;;) {
    if (reader.takeSymbol('.')) {
      if (reader.isSymbol('*')) throw notImplemented('.* after an attribute in AWS IoT SQL')
      steps.push(reader.expectName())
    } else if (reader.takeSymbol('[')) {
      if (!/^\d+$/.test(reader.peek().text)) throw reader.unexpected('an array index')
      steps.push(Number(reader.take().text))
      reader.expectSymbol(']')
    } else return steps
  }
}

function parseCall(reader: TokenReader, name: string, depth: number): Expression {
  if (absentSqlFunctions.has(name)) throw notImplemented(`the function ${name}() of AWS IoT SQL`)
  if (!sqlFunctions.has(name)) throw sqlParseError(`Unknown function ${name}()`)
  if (name === 'cast') return parseCast(reader, depth)
  return { kind: 'call', name, parameters: parseItems(reader, ')', depth) }
}

function parseCast(reader: TokenReader, depth: number): Expression {
  const value = parseLevel(reader, 0, depth + 1)
  reader.expectWord('as')
  const type = reader.expectName().toLowerCase()
  reader.expectSymbol(')')
  return { kind: 'call', name: 'cast', parameters: [value, { kind: 'literal', value: type }] }
}

function parseItems(reader: TokenReader, close: ')' | ']', depth: number): Expression[] {
  const items: Expression[] = []
  if (reader.takeSymbol(close)) return items
  do {
    items.push(reader.takeSymbol('*') ? { kind: 'payload' } : parseLevel(reader, 0, depth + 1))
  } while (reader.takeSymbol(','))
  reader.expectSymbol(close)
  return items
}
