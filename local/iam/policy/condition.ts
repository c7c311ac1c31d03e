import { conditionOperators } from './condition-operators.ts'
import type { Lookup } from './context-lookup.ts'
import { isObject, listOf } from './json-shape.ts'
import { malformedPolicy } from './malformed-policy.ts'

export type Condition = (lookup: Lookup) => boolean

/** All operators and all keys of a Condition element must hold; the values of one key are alternatives. */
export function compileCondition(element: unknown, variables: boolean): Condition {
  if (!isObject(element)) throw malformedPolicy('Syntax errors in policy: Condition must be an object.')
  const conditions = Object.entries(element).flatMap(([operator, keys]) => {
    if (!isObject(keys)) throw malformedPolicy(`Syntax errors in policy: ${operator} must hold condition keys.`)
    return Object.entries(keys).map(([key, values]) => {
      if (!/^[^:\s]+:./.test(key))
        throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
      return compileOperator(operator, key.toLowerCase(), listOf(values).map(scalarText), variables)
    })
  })
  return (lookup) => conditions.every((holds) => holds(lookup))
}

function scalarText(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw malformedPolicy('Syntax errors in policy: a condition value must be a string, a number or a boolean.')
}

const operatorSyntax = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/

function compileOperator(name: string, key: string, policyValues: string[], variables: boolean): Condition {
  if (name === 'Null') return compileNull(key, policyValues)
  const [, set, base = '', ifExists] = operatorSyntax.exec(name) ?? []
  const operator = conditionOperators.get(base)
  if (operator === undefined) throw malformedPolicy(`Syntax errors in policy: unknown condition operator ${name}.`)
  const tests = policyValues.map((value) => operator.compile(value, variables))
  const { negated } = operator
  // A missing key satisfies …IfExists, ForAllValues (there is no value that fails) and a negated comparison.
  const whenMissing = ifExists !== undefined || set === 'ForAllValues' || (negated && set === undefined)
  // Without a set operator AWS leaves several request values undefined; here any of them may match, and none may for a negated operator.
  const quantifier = set ?? (negated ? 'ForAllValues' : 'ForAnyValue')
  return (lookup) => {
    const values = listOf(lookup(key))
    if (values.length === 0) return whenMissing
    const matches = (value: string) => tests.some((test) => test(value, lookup)) !== negated
    return quantifier === 'ForAllValues' ? values.every(matches) : values.some(matches)
  }
}

/** An empty list counts as missing. */
function compileNull(key: string, policyValues: string[]): Condition {
  const accepted = policyValues.map((value) => value.toLowerCase())
  if (!accepted.every((value) => value === 'true' || value === 'false'))
    throw malformedPolicy('Syntax errors in policy: Null takes true or false.')
  return (lookup) => accepted.includes(listOf(lookup(key)).length === 0 ? 'true' : 'false')
}
