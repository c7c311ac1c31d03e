import { notImplemented } from '#local/service.ts'
import { invalidPattern } from './events-errors.ts'

/** Tells whether the values of one field meet one item of its pattern; no values means that the field is not there. */
export type LeafTest = (leaves: readonly unknown[]) => boolean
type ValueTest = (value: unknown) => boolean

const maxNumber = 5e9

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function parseLeafTest(item: unknown, field: string): LeafTest {
  if (!isObject(item)) {
    if (Array.isArray(item)) throw invalidPattern(`"${field}" has an array in an array`)
    return some((value) => value === item)
  }
  const [type, argument] = onlyEntry(item, field)
  if (type !== 'exists') return some(parseValueTest(type, argument))
  if (typeof argument !== 'boolean') throw invalidPattern('exists match pattern must be either true or false')
  return (leaves) => leaves.length > 0 === argument
}

function some(test: ValueTest): LeafTest {
  return (leaves) => leaves.some(test)
}

function onlyEntry(item: Readonly<Record<string, unknown>>, field: string): [string, unknown] {
  const [entry, ...others] = Object.entries(item)
  if (!entry || others.length > 0) throw invalidPattern(`Only one key allowed in match expression of "${field}"`)
  return entry
}

function parseValueTest(type: string, argument: unknown): ValueTest {
  switch (type) {
    case 'anything-but':
      return parseAnythingBut(argument)
    case 'numeric':
      return parseNumeric(argument)
    case 'prefix':
    case 'suffix':
      if (isObject(argument)) {
        const [inner, text] = onlyEntry(argument, type)
        if (inner !== 'equals-ignore-case') throw invalidPattern(`Unsupported ${type} pattern: ${inner}`)
        return parseTextTest(type, text, fold)
      }
      return parseTextTest(type, argument)
    case 'equals-ignore-case':
      return parseTextTest('equals', argument, fold)
    case 'wildcard':
      return parseWildcard(argument)
    case 'cidr':
      throw notImplemented('the operator cidr of event patterns')
    default:
      throw invalidPattern(`Unrecognized match type ${type}`)
  }
}

function fold(text: string): string {
  return text.toLowerCase()
}

function parseTextTest(
  type: 'prefix' | 'suffix' | 'equals',
  argument: unknown,
  change = (text: string) => text,
): ValueTest {
  const wanted = change(requireText(argument, type))
  const compare = {
    prefix: (text: string) => text.startsWith(wanted),
    suffix: (text: string) => text.endsWith(wanted),
    equals: (text: string) => text === wanted,
  }[type]
  return (value) => typeof value === 'string' && compare(change(value))
}

function requireText(argument: unknown, type: string): string {
  if (typeof argument === 'string') return argument
  throw invalidPattern(`${type} match pattern must be a string`)
}

/** `*` stands for any characters, `\*` for itself, `\\` for a backslash. */
function parseWildcard(argument: unknown): ValueTest {
  const pieces: string[] = ['']
  for (const [token] of requireText(argument, 'wildcard').matchAll(/\\[\s\S]?|[\s\S]/gu)) {
    if (token === '*') {
      if (pieces.length > 1 && pieces.at(-1) === '') throw invalidPattern('Consecutive wildcard characters')
      pieces.push('')
    } else {
      if (token.startsWith('\\') && !/^\\[*\\]$/.test(token)) throw invalidPattern('Invalid escape character')
      pieces.push(`${pieces.pop()}${token.at(-1)}`)
    }
  }
  return (value) => typeof value === 'string' && matchesPieces(value, pieces)
}

/** Whether a text has the pieces one after another, the first at its start and the last at its end. */
function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const piece of rest) {
    const found = text.indexOf(piece, at)
    if (found < 0) return false
    at = found + piece.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** True for a value that none of the tests meets. */
function parseAnythingBut(argument: unknown): ValueTest {
  if (isObject(argument)) {
    const [type, inner] = onlyEntry(argument, 'anything-but')
    if (!['prefix', 'suffix', 'equals-ignore-case', 'wildcard'].includes(type)) {
      throw invalidPattern(`Unsupported anything-but pattern: ${type}`)
    }
    const tests = requireItems(inner).map((item) => parseValueTest(type, item))
    return (value) => !tests.some((test) => test(value))
  }
  const values = requireItems(argument)
  const kinds = new Set(values.map((value) => typeof value))
  if (kinds.size > 1 || !(kinds.has('string') || kinds.has('number'))) {
    throw invalidPattern('Inside anything but list, either all values are number or string')
  }
  return (value) => !values.includes(value)
}

function requireItems(argument: unknown): readonly unknown[] {
  const items = Array.isArray(argument) ? argument : [argument]
  if (items.length === 0) throw invalidPattern('Empty arrays are not allowed')
  return items
}

const lower = ['>', '>=']
const upper = ['<', '<=']

/** `["=", 5]`, `[">", 0]`, `[">=", 0, "<", 5]` */
function parseNumeric(argument: unknown): ValueTest {
  if (!Array.isArray(argument)) throw invalidPattern('Value of numeric must be an array')
  const [first, low, second, high] = argument
  if (argument.length === 2) {
    if (!['=', ...lower, ...upper].includes(first))
      throw invalidPattern(`Unrecognized numeric range operator: ${first}`)
    return compareTo(first, low)
  }
  const isRange = argument.length === 4 && lower.includes(first) && upper.includes(second)
  if (!isRange) throw invalidPattern('Bad numeric range')
  if (!(low < high)) throw invalidPattern('Bottom must be less than top')
  const [above, below] = [compareTo(first, low), compareTo(second, high)]
  return (value) => above(value) && below(value)
}

function compareTo(operator: string, bound: unknown): ValueTest {
  if (typeof bound !== 'number' || Math.abs(bound) > maxNumber) {
    throw invalidPattern(`Value of ${operator} must be a number between -5.0E9 and 5.0E9, inclusive`)
  }
  return (value) => {
    if (typeof value !== 'number' || Math.abs(value) > maxNumber) return false
    switch (operator) {
      case '=':
        return value === bound
      case '<':
        return value < bound
      case '<=':
        return value <= bound
      case '>':
        return value > bound
      default:
        return value >= bound
    }
  }
}
