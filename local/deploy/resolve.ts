import { TemplateError } from './template-error.ts'

/** What a template's expressions may name. */
export interface Scope {
  readonly mappings: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>
  /** Values that do not exist yet stand as `<LogicalId.Attribute>`: a list made by splitting one has any length. */
  readonly preview: boolean
  /** A parameter, a pseudo parameter or a resource's physical id; undefined when there is none. */
  ref(name: string): unknown
  attribute(logicalId: string, name: string): unknown
  condition(name: string): boolean | undefined
}

const noValue = Symbol('AWS::NoValue')

type Intrinsic = (argument: unknown, scope: Scope, path: string) => unknown

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref(argument, scope, path) {
    const name = readText(argument, path)
    if (name === 'AWS::NoValue') return noValue
    return scope.ref(name) ?? fail(path, `there is no parameter or resource '${name}'`)
  },
  'Fn::GetAtt'(argument, scope, path) {
    const [logicalId = '', ...rest] = typeof argument === 'string' ? argument.split('.') : readList(argument, path)
    const name = resolve(rest.length > 1 ? rest.join('.') : rest[0], scope, path)
    return readAttribute(readText(logicalId, path), readText(name, path), scope, path)
  },
  'Fn::Sub'(argument, scope, path) {
    const [text, variables] = Array.isArray(argument) ? argument : [argument, {}]
    const own = resolve(variables, scope, path) as Record<string, unknown>
    return readText(text, path).replace(/\$\{(!?)([^{}]*)\}/g, (_match, literal: string, name: string) => {
      if (literal) return `\${${name}}`
      if (Object.hasOwn(own, name)) return readScalar(own[name], path)
      const dot = name.indexOf('.')
      const value = dot < 0 ? scope.ref(name) : readAttribute(name.slice(0, dot), name.slice(dot + 1), scope, path)
      return readScalar(value ?? fail(path, `there is no parameter or resource '${name}'`), path)
    })
  },
  'Fn::Join'(argument, scope, path) {
    const [separator, list] = readList(argument, path)
    const items = readList(resolve(list, scope, path), path)
    return items.map((item) => readScalar(item, path)).join(readText(separator, path))
  },
  'Fn::Split'(argument, scope, path) {
    const [separator, text] = readList(argument, path)
    return readText(resolve(text, scope, path), path).split(readText(separator, path))
  },
  'Fn::Select'(argument, scope, path) {
    const [index, list] = readList(resolve(argument, scope, path), path)
    const items = readList(list, path)
    return items[Number(index)] ?? (scope.preview ? '<unknown>' : fail(path, `the list has no item ${index}`))
  },
  'Fn::If'(argument, scope, path) {
    const [name, yes, no] = readList(argument, path)
    return resolveValue(evaluateCondition({ Condition: name }, scope, path) ? yes : no, scope, path)
  },
  'Fn::FindInMap'(argument, scope, path) {
    const [map, first, second] = readList(resolve(argument, scope, path), path).map((key) => readScalar(key, path))
    const value = scope.mappings[map ?? '']?.[first ?? '']?.[second ?? '']
    return value ?? fail(path, `Mappings has no ${map}.${first}.${second}`)
  },
  'Fn::Base64'(argument, scope, path) {
    return Buffer.from(readText(resolve(argument, scope, path), path)).toString('base64')
  },
}

/** Replaces the intrinsic functions in a value; `AWS::NoValue` removes the property or list item that it stands in. */
export function resolve(value: unknown, scope: Scope, path: string): unknown {
  const resolved = resolveValue(value, scope, path)
  return resolved === noValue ? undefined : resolved
}

/** Evaluates one entry of `Conditions`, or the argument of a condition function. */
export function evaluateCondition(value: unknown, scope: Scope, path: string): boolean {
  const [key = '', argument] = singleEntry(value) ?? []
  const operands = () => readList(argument, path).map((operand) => evaluateCondition(operand, scope, path))
  switch (key) {
    case 'Condition':
      return scope.condition(readText(argument, path)) ?? fail(path, `there is no condition '${argument}'`)
    case 'Fn::Equals': {
      const [left, right] = readList(resolve(argument, scope, path), path)
      return JSON.stringify(left) === JSON.stringify(right)
    }
    case 'Fn::And':
      return operands().every(Boolean)
    case 'Fn::Or':
      return operands().some(Boolean)
    case 'Fn::Not':
      return !operands()[0]
    default:
      return fail(path, `${key || JSON.stringify(value)} is not a condition function that the embedded cloud knows`)
  }
}

function resolveValue(value: unknown, scope: Scope, path: string): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveValue(item, scope, `${path}[${index}]`)).filter((item) => item !== noValue)
  }
  if (typeof value !== 'object' || value === null) return value
  const [key = '', argument] = singleEntry(value) ?? []
  const intrinsic = Object.hasOwn(intrinsics, key) ? intrinsics[key] : undefined
  if (intrinsic) return intrinsic(argument, scope, `${path}.${key}`)
  if (key.startsWith('Fn::')) return fail(`${path}.${key}`, 'the embedded cloud does not know this intrinsic function')
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, item]) => [name, resolveValue(item, scope, `${path}.${name}`)] as const)
      .filter(([, item]) => item !== noValue),
  )
}

function readAttribute(logicalId: string, name: string, scope: Scope, path: string): unknown {
  return scope.attribute(logicalId, name) ?? fail(path, `there is no attribute '${name}' of a resource '${logicalId}'`)
}

function singleEntry(value: unknown): [string, unknown] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const entries = Object.entries(value)
  return entries.length === 1 ? entries[0] : undefined
}

function readText(value: unknown, path: string): string {
  return typeof value === 'string' ? value : fail(path, `needs text, not ${JSON.stringify(value)}`)
}

function readScalar(value: unknown, path: string): string {
  return ['string', 'number', 'boolean'].includes(typeof value)
    ? String(value)
    : fail(path, `needs text, not ${JSON.stringify(value)}`)
}

function readList(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? value : fail(path, `needs a list, not ${JSON.stringify(value)}`)
}

function fail(path: string, problem: string): never {
  throw new TemplateError([`${path}: ${problem}`])
}
