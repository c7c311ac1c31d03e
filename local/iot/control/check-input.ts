import { AwsError } from '#local/service.ts'
import { invalidRequest } from './errors.ts'
import model from './inputs.json' with { type: 'json' }

export interface InputShape {
  readonly type: string
  readonly required?: readonly string[]
  /** Member → shape name; so are `member` of a list, `key` and `value` of a map. */
  readonly members?: Readonly<Record<string, string>>
  readonly member?: string
  readonly key?: string
  readonly value?: string
  readonly min?: number
  readonly max?: number
  readonly pattern?: string
  readonly enum?: readonly string[]
}

export interface InputModel {
  /** Operation → shape name. */
  readonly operations: Readonly<Record<string, string>>
  readonly shapes: Readonly<Record<string, InputShape>>
}

const { operations, shapes }: InputModel = model
const patterns = new Map(Object.entries(shapes).map(([name, { pattern }]) => [name, compilePattern(pattern)]))

/** The model's patterns are Java's: they match the whole value, and some name a class that JavaScript lacks. */
function compilePattern(pattern = '[^]*'): RegExp {
  return new RegExp(`^(?:${pattern.replaceAll('\\p{Graph}', '\\x21-\\x7e')})$`, 'u')
}

/** Holds an input against the API model: types, what is required, lengths, ranges, patterns, enums. */
export function checkInput(operation: string, input: unknown): void {
  const shape = operations[operation]
  if (shape === undefined) return
  const violations = [...violationsOf(shape, input, '')]
  if (violations.length === 0) return
  const count = `${violations.length} validation error${violations.length > 1 ? 's' : ''} detected`
  throw invalidRequest(`${count}: ${violations.join('; ')}`)
}

function* violationsOf(name: string, value: unknown, path: string): Generator<string> {
  const shape = shapes[name]
  if (!shape) throw new Error(`inputs.json has no shape ${name}`)
  switch (shape.type) {
    case 'structure':
      return yield* structureViolations(shape, asObject(value, path), path)
    case 'list':
      if (!Array.isArray(value)) throw wrongType(path, 'a list')
      yield* sizeViolations(shape, value.length, 'Member must have length', path, value)
      for (const [index, item] of value.entries()) {
        yield* violationsOf(shape.member ?? '', item, `${path}.${index + 1}.member`)
      }
      return
    case 'map':
      for (const [key, item] of Object.entries(asObject(value, path))) {
        yield* violationsOf(shape.key ?? '', key, path)
        yield* violationsOf(shape.value ?? '', item, `${path}.${key}.member`)
      }
      return
    case 'string':
      return yield* stringViolations(name, shape, value, path)
    case 'integer':
    case 'long':
      if (!Number.isSafeInteger(value)) throw wrongType(path, 'an integer')
      return yield* sizeViolations(shape, Number(value), 'Member must have value', path, value)
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(path, 'a boolean')
      return
  }
}

function* structureViolations(shape: InputShape, value: Record<string, unknown>, path: string): Generator<string> {
  for (const [member, memberShape] of Object.entries(shape.members ?? {})) {
    const memberPath = path === '' ? member : `${path}.${member}`
    const memberValue = Object.hasOwn(value, member) ? (value[member] ?? undefined) : undefined
    if (memberValue !== undefined) yield* violationsOf(memberShape, memberValue, memberPath)
    else if (shape.required?.includes(member)) {
      yield `Value null at '${memberPath}' failed to satisfy constraint: Member must not be null`
    }
  }
}

function* stringViolations(name: string, shape: InputShape, value: unknown, path: string): Generator<string> {
  if (typeof value !== 'string') throw wrongType(path, 'a string')
  yield* sizeViolations(shape, value.length, 'Member must have length', path, value)
  if (shape.enum && !shape.enum.includes(value)) {
    yield violation(path, value, `Member must satisfy enum value set: [${shape.enum.join(', ')}]`)
  }
  if (patterns.get(name)?.test(value) === false) {
    yield violation(path, value, `Member must satisfy regular expression pattern: ${shape.pattern}`)
  }
}

function* sizeViolations({ min, max }: InputShape, size: number, what: string, path: string, value: unknown) {
  if (min !== undefined && size < min) yield violation(path, value, `${what} greater than or equal to ${min}`)
  if (max !== undefined && size > max) yield violation(path, value, `${what} less than or equal to ${max}`)
}

function violation(path: string, value: unknown, constraint: string): string {
  return `Value '${value}' at '${path}' failed to satisfy constraint: ${constraint}`
}

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object')
  return value as Record<string, unknown>
}

function wrongType(path: string, expected: string): AwsError {
  return new AwsError('SerializationException', `${path === '' ? 'The input' : path} must be ${expected}`)
}
