import { invalidPattern } from './events-errors.ts'
import { isObject, type LeafTest, parseLeafTest } from './pattern-matchers.ts'

/** An event, or what stands at one place of it. */
export type EventMatcher = (node: unknown) => boolean

/**
 * Reads an event pattern; throws InvalidEventPatternException for what is none.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function parseEventPattern(text: string): EventMatcher {
  let pattern: unknown
  try {
    pattern = JSON.parse(text)
  } catch (error) {
    throw invalidPattern((error as Error).message)
  }
  if (!isObject(pattern)) throw invalidPattern('Filter is not an object')
  return parseFields(pattern)
}

function parseFields(pattern: Readonly<Record<string, unknown>>): EventMatcher {
  const fields = Object.entries(pattern).map(([name, value]) =>
    name === '$or' ? parseAlternatives(value) : parseField(name, value),
  )
  if (fields.length === 0) throw invalidPattern('Empty objects are not allowed')
  const matches: EventMatcher = (node) => fields.every((field) => field(node))
  // What a pattern asks of an object, one object of an array must have all of.
  return function matchesNode(node): boolean {
    return Array.isArray(node) && node.length > 0 ? node.some(matchesNode) : matches(node)
  }
}

function parseField(name: string, value: unknown): EventMatcher {
  const read = (node: unknown) => (isObject(node) && Object.hasOwn(node, name) ? node[name] : undefined)
  if (isObject(value)) {
    const matches = parseFields(value)
    return (node) => matches(read(node))
  }
  if (!Array.isArray(value)) throw invalidPattern(`"${name}" must be an object or an array`)
  if (value.length === 0) throw invalidPattern('Empty arrays are not allowed')
  const tests = value.map((item) => parseLeafTest(item, name))
  return (node) => {
    const leaves = leavesOf(read(node))
    return tests.some((test: LeafTest) => test(leaves))
  }
}

function parseAlternatives(value: unknown): EventMatcher {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isObject)) {
    throw invalidPattern('"$or" must be an array of at least two objects')
  }
  const alternatives = value.map(parseFields)
  return (node) => alternatives.some((matches) => matches(node))
}

/** An object is no leaf: `exists` does not see it. */
function leavesOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  return value === undefined || isObject(value) ? [] : [value]
}
