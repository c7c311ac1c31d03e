import type { RuleMessage } from './rule-message.ts'
import { sqlFunctions } from './sql-functions.ts'
import type { BinaryOperator, Expression, SqlValue } from './sql-syntax.ts'
import { isEqual, isSqlList, memberOf, parseJsonValue, toBoolean, toDecimal, toText } from './sql-values.ts'

/** What expressions are evaluated against; the payload is parsed once. */
export interface RuleInput {
  readonly message: RuleMessage
  /** Undefined when the payload is no JSON. */
  readonly json: SqlValue
}

export function createRuleInput(message: RuleMessage): RuleInput {
  return { message, json: parseJsonValue(message.payload.toString()) }
}

/** The value of an expression; nothing in it throws, what makes no sense is Undefined. */
export function evaluateExpression(expression: Expression, input: RuleInput): SqlValue {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'list':
      return expression.items.map((item) => evaluateExpression(item, input))
    case 'payload':
      return input.json
    case 'path':
      return expression.steps.reduce(memberOf, evaluateExpression(expression.base, input))
    case 'call':
      return evaluateCall(expression.name, expression.parameters, input)
    case 'unary':
      return evaluateUnary(expression.operator, evaluateExpression(expression.operand, input))
    case 'binary':
      return evaluateBinary(
        expression.operator,
        evaluateExpression(expression.left, input),
        evaluateExpression(expression.right, input),
      )
  }
}

function evaluateCall(name: string, parameters: readonly Expression[], input: RuleInput): SqlValue {
  // encode(*) takes the payload's bytes, JSON or not.
  if (name === 'encode' && parameters[0]?.kind === 'payload' && parameters[1]) {
    return evaluateExpression(parameters[1], input) === 'base64' ? input.message.payload.toString('base64') : undefined
  }
  const values = parameters.map((parameter) => evaluateExpression(parameter, input))
  return sqlFunctions.get(name)?.(values, input.message)
}

function evaluateUnary(operator: 'not' | '-', value: SqlValue): SqlValue {
  if (operator === '-') {
    const decimal = toDecimal(value)
    return decimal === undefined ? undefined : -decimal
  }
  const truth = toBoolean(value)
  return truth === undefined ? undefined : !truth
}

function evaluateBinary(operator: BinaryOperator, left: SqlValue, right: SqlValue): SqlValue {
  switch (operator) {
    case 'and':
    case 'or': {
      const [first, second] = [toBoolean(left), toBoolean(right)]
      if (first === undefined || second === undefined) return undefined
      return operator === 'and' ? first && second : first || second
    }
    case '=':
    case '<>':
      if (left === undefined || right === undefined) return undefined
      return isEqual(left, right) === (operator === '=')
    case 'in':
      return isSqlList(right) && left !== undefined ? right.some((item) => isEqual(left, item)) : undefined
    case '+':
      if (typeof left === 'string' || typeof right === 'string') return joinTexts(toText(left), toText(right))
      return computeNumber(operator, left, right)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compareNumbers(operator, toDecimal(left), toDecimal(right))
    case '-':
    case '*':
    case '/':
    case '%':
      return computeNumber(operator, left, right)
  }
}

function joinTexts(left: string | undefined, right: string | undefined): string | undefined {
  return left === undefined || right === undefined ? undefined : left + right
}

function compareNumbers(operator: '<' | '<=' | '>' | '>=', left: number | undefined, right: number | undefined) {
  if (left === undefined || right === undefined) return undefined
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
  }
}

function computeNumber(operator: '+' | '-' | '*' | '/' | '%', left: SqlValue, right: SqlValue): number | undefined {
  const [first, second] = [toDecimal(left), toDecimal(right)]
  if (first === undefined || second === undefined) return undefined
  const result = computeDecimal(operator, first, second)
  if (!Number.isFinite(result)) return undefined
  // Int / Int is Int.
  const isInt = operator === '/' && Number.isInteger(left) && Number.isInteger(right)
  return isInt ? Math.trunc(result) : result
}

function computeDecimal(operator: '+' | '-' | '*' | '/' | '%', left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      return left % right
  }
}
