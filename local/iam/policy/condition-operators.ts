import { BlockList, isIP } from 'node:net'
import { compileArnPattern } from './arn-pattern.ts'
import type { Lookup } from './context-lookup.ts'
import { malformedPolicy } from './malformed-policy.ts'
import { compilePattern } from './pattern.ts'

/** Compares a value of the request with one value of the policy. */
type Test = (requestValue: string, lookup: Lookup) => boolean

interface ConditionOperator {
  readonly negated: boolean
  /** `variables` says whether the policy's version knows them; only string and ARN operators substitute any. */
  compile(policyValue: string, variables: boolean): Test
}

type Compile = ConditionOperator['compile']

function stringTest(syntax: { wildcards: boolean; ignoreCase?: boolean }): Compile {
  return (policyValue, variables) => {
    const pattern = compilePattern(policyValue, { ...syntax, variables })
    return (value, lookup) => pattern.matches(value, lookup) === true
  }
}

function orderedTest(parse: (text: string) => number, compare: (left: number, right: number) => boolean): Compile {
  return (policyValue) => {
    const right = parse(policyValue)
    if (Number.isNaN(right)) throw malformedPolicy(`Syntax errors in policy: ${policyValue} is no number or date.`)
    // Comparisons with NaN are false, so a value that does not parse matches nothing.
    return (value) => compare(parse(value), right)
  }
}

function parseNumber(text: string): number {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)\s*$/.test(text) ? Number(text) : Number.NaN
}

const isoDate = /^\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?)?)?$/

/** W3C's profile of ISO 8601, or seconds since 1970; four digits are a year. */
function parseDate(text: string): number {
  if (isoDate.test(text)) return Date.parse(text)
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Number.NaN
}

function boolTest(policyValue: string): Test {
  const expected = parseBool(policyValue)
  return (value) => value.toLowerCase() === expected
}

function parseBool(text: string): 'true' | 'false' {
  const folded = text.toLowerCase()
  if (folded !== 'true' && folded !== 'false') throw malformedPolicy(`Syntax errors in policy: ${text} is no boolean.`)
  return folded
}

function binaryTest(policyValue: string): Test {
  const expected = Buffer.from(policyValue, 'base64')
  return (value) => expected.equals(Buffer.from(value, 'base64'))
}

function ipTest(policyValue: string): Test {
  const [address = '', prefix] = policyValue.split('/')
  const family = isIP(address)
  const bits = prefix === undefined ? (family === 6 ? 128 : 32) : Number(prefix)
  if (family === 0 || !Number.isInteger(bits) || bits < 0 || bits > (family === 6 ? 128 : 32) || prefix === '')
    throw malformedPolicy(`Syntax errors in policy: ${policyValue} is no IP address range.`)
  const range = new BlockList()
  range.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4')
  return (value) => {
    // A dual-stack socket reports an IPv4 peer as ::ffff:a.b.c.d.
    const plain = value.replace(/^::ffff:(?=\d+\.)/i, '')
    const valueFamily = isIP(plain)
    return valueFamily === family && range.check(plain, family === 6 ? 'ipv6' : 'ipv4')
  }
}

const equal = (left: number, right: number) => left === right
const less = (left: number, right: number) => left < right
const lessOrEqual = (left: number, right: number) => left <= right
const greater = (left: number, right: number) => left > right
const greaterOrEqual = (left: number, right: number) => left >= right

const is = (compile: Compile): ConditionOperator => ({ negated: false, compile })
const isNot = (compile: Compile): ConditionOperator => ({ negated: true, compile })

/** Every operator but Null, which asks for a key and compares nothing. */
export const conditionOperators: ReadonlyMap<string, ConditionOperator> = new Map([
  ['StringEquals', is(stringTest({ wildcards: false }))],
  ['StringNotEquals', isNot(stringTest({ wildcards: false }))],
  ['StringEqualsIgnoreCase', is(stringTest({ wildcards: false, ignoreCase: true }))],
  ['StringNotEqualsIgnoreCase', isNot(stringTest({ wildcards: false, ignoreCase: true }))],
  ['StringLike', is(stringTest({ wildcards: true }))],
  ['StringNotLike', isNot(stringTest({ wildcards: true }))],
  ['NumericEquals', is(orderedTest(parseNumber, equal))],
  ['NumericNotEquals', isNot(orderedTest(parseNumber, equal))],
  ['NumericLessThan', is(orderedTest(parseNumber, less))],
  ['NumericLessThanEquals', is(orderedTest(parseNumber, lessOrEqual))],
  ['NumericGreaterThan', is(orderedTest(parseNumber, greater))],
  ['NumericGreaterThanEquals', is(orderedTest(parseNumber, greaterOrEqual))],
  ['DateEquals', is(orderedTest(parseDate, equal))],
  ['DateNotEquals', isNot(orderedTest(parseDate, equal))],
  ['DateLessThan', is(orderedTest(parseDate, less))],
  ['DateLessThanEquals', is(orderedTest(parseDate, lessOrEqual))],
  ['DateGreaterThan', is(orderedTest(parseDate, greater))],
  ['DateGreaterThanEquals', is(orderedTest(parseDate, greaterOrEqual))],
  ['Bool', is(boolTest)],
  ['BinaryEquals', is(binaryTest)],
  ['IpAddress', is(ipTest)],
  ['NotIpAddress', isNot(ipTest)],
  ['ArnEquals', is(compileArnPattern)],
  ['ArnNotEquals', isNot(compileArnPattern)],
  ['ArnLike', is(compileArnPattern)],
  ['ArnNotLike', isNot(compileArnPattern)],
])
