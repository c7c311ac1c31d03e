import { hash, randomUUID } from 'node:crypto'
import type { RuleMessage } from './rule-message.ts'
import type { SqlValue } from './sql-syntax.ts'
import { isSqlList, isSqlObject, memberOf, parseJsonValue, toBoolean, toDecimal, toInt, toText } from './sql-values.ts'

/** A call with wrong parameters gives Undefined, never an error (developer guide, "Data types"). */
export type SqlFunction = (parameters: readonly SqlValue[], message: RuleMessage) => SqlValue

const MAX_PADDING = 1000
const MAX_DECIMAL_PLACES = 34

export const sqlFunctions: ReadonlyMap<string, SqlFunction> = new Map<string, SqlFunction>([
  ['accountid', (_, { accountId }) => accountId],
  ['clientid', (_, { clientId }) => clientId ?? 'n/a'],
  ['principal', (_, { principal }) => principal],
  ['sourceip', (_, { sourceIp }) => sourceIp],
  ['timestamp', (_, { timestampMs }) => timestampMs],
  ['traceid', (_, { clientId, traceId }) => (clientId === undefined ? undefined : traceId)],
  ['topic', ([level], { topic }) => (level === undefined ? topic : topic.split('/')[(toInt(level) ?? 0) - 1])],
  ['newuuid', () => randomUUID()],
  ['rand', () => Math.random()],

  ['abs', ofDecimal(Math.abs)],
  ['ceil', ofDecimal(Math.ceil)],
  ['floor', ofDecimal(Math.floor)],
  ['sign', ofDecimal(Math.sign)],
  ['sqrt', ofDecimal(Math.sqrt)],
  ['exp', ofDecimal(Math.exp)],
  ['ln', ofDecimal(Math.log)],
  ['log', ofDecimal(Math.log10)],
  // Halves away from zero: round(-1.5) is -2.
  ['round', ofDecimal((value) => Math.sign(value) * Math.round(Math.abs(value)))],
  ['mod', ofDecimals((left, right) => left % right)],
  ['remainder', ofDecimals((left, right) => left % right)],
  ['power', ofDecimals((left, right) => left ** right)],
  ['trunc', ofDecimals(truncate)],
  ['nanvl', ([value, otherwise]) => (value === null || value === undefined ? otherwise : value)],

  ['lower', ofText((text) => text.toLowerCase())],
  ['upper', ofText((text) => text.toUpperCase())],
  ['trim', ofText((text) => text.trim())],
  ['ltrim', ofText((text) => text.trimStart())],
  ['rtrim', ofText((text) => text.trimEnd())],
  ['length', ofText((text) => text.length)],
  ['numbytes', ofText((text) => Buffer.byteLength(text))],
  ['lpad', pad((text, spaces) => spaces + text)],
  ['rpad', pad((text, spaces) => text + spaces)],
  ['indexof', ofTexts((text, part) => text.indexOf(part))],
  ['startswith', ofTexts((text, part) => text.startsWith(part))],
  ['endswith', ofTexts((text, part) => text.endsWith(part))],
  [
    'replace',
    ofTexts((text, part, replacement) =>
      replacement === undefined ? undefined : text.replaceAll(part, () => replacement),
    ),
  ],
  ['substring', substring],
  ['concat', concat],
  ['chr', chr],
  ...['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'].map((algorithm): [string, SqlFunction] => [
    algorithm,
    ofText((text) => hash(algorithm, text)),
  ]),

  ['isnull', ([value]) => value === null],
  ['isundefined', ([value]) => value === undefined],
  ['get', get],
  ['cast', cast],
  ['encode', encode],
  ['decode', decode],
])

/** What AWS has and the embedded cloud has not. */
export const absentSqlFunctions: ReadonlySet<string> = new Set(
  (
    'acos asin atan atan2 cos cosh sin sinh tan tanh bitand bitor bitxor bitnot md2 parse_time time_to_epoch regexp_matches ' +
    'regexp_replace regexp_substr sql_version transform aws_lambda get_dynamodb get_mqtt_property get_or_default ' +
    'get_registry_data get_secret get_thing_shadow get_user_properties machinelearning_predict'
  ).split(' '),
)

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

function ofDecimal(compute: (value: number) => number): SqlFunction {
  return ([parameter]) => {
    const value = toDecimal(parameter)
    return value === undefined ? undefined : finite(compute(value))
  }
}

function ofDecimals(compute: (left: number, right: number) => number): SqlFunction {
  return (parameters) => {
    const [left, right] = parameters.map(toDecimal)
    return left === undefined || right === undefined ? undefined : finite(compute(left, right))
  }
}

function ofText(compute: (text: string) => SqlValue): SqlFunction {
  return ([parameter]) => {
    const text = toText(parameter)
    return text === undefined ? undefined : compute(text)
  }
}

function ofTexts(compute: (first: string, second: string, third?: string) => SqlValue): SqlFunction {
  return (parameters) => {
    const [first, second, third] = parameters.map(toText)
    return first === undefined || second === undefined ? undefined : compute(first, second, third)
  }
}

function truncate(value: number, places: number): number {
  const shown = Math.min(Math.max(Math.floor(places), 0), MAX_DECIMAL_PLACES)
  const [digits, fraction = ''] = value.toFixed(MAX_DECIMAL_PLACES).split('.')
  return Number.isInteger(value) ? value : Number(`${digits}.${fraction.slice(0, shown)}`)
}

function pad(join: (text: string, spaces: string) => string): SqlFunction {
  return ([value, width]) => {
    const text = toText(value)
    const count = toInt(width)
    if (text === undefined || count === undefined) return undefined
    return join(text, ' '.repeat(Math.min(Math.max(count, 0), MAX_PADDING)))
  }
}

function substring([value, from, to]: readonly SqlValue[]): SqlValue {
  const text = toText(value)
  const start = toInt(from)
  const end = to === undefined ? text?.length : toInt(to)
  if (text === undefined || start === undefined || end === undefined) return undefined
  return text.slice(Math.max(start, 0), Math.max(end, 0))
}

function concat(parameters: readonly SqlValue[]): SqlValue {
  if (parameters.length < 2) return parameters[0]
  if (parameters.some(isSqlList)) return parameters.flat()
  if (!parameters.some((parameter) => typeof parameter === 'string')) return undefined
  const texts = parameters.map(toText)
  return texts.includes(undefined) ? undefined : texts.join('')
}

function chr([value]: readonly SqlValue[]): SqlValue {
  const code = toInt(value)
  return code !== undefined && code >= 0 && code < 128 ? String.fromCharCode(code) : undefined
}

/** Counts characters from 0, as the table of the developer guide says and not its example. */
function get([collection, key]: readonly SqlValue[]): SqlValue {
  if (isSqlObject(collection)) return typeof key === 'string' ? memberOf(collection, key) : undefined
  const index = toInt(key)
  if (index === undefined) return undefined
  return typeof collection === 'string' ? collection[index] : memberOf(collection, index)
}

/** `cast(value as type)`; the parser hands over the type's name in lower case. */
function cast([value, type]: readonly SqlValue[]): SqlValue {
  const number = typeof value === 'boolean' ? Number(value) : toDecimal(value)
  switch (type) {
    case 'string':
    case 'nvarchar':
    case 'text':
    case 'ntext':
    case 'varchar':
      return toText(value)
    case 'int':
    case 'integer':
      return toInt(number)
    case 'double':
    case 'decimal':
      return number
    case 'bool':
    case 'boolean':
      return typeof value === 'number' ? value !== 0 : toBoolean(value)
    default:
      return undefined
  }
}

function encode([value, scheme]: readonly SqlValue[]): SqlValue {
  const text = toText(value)
  return text === undefined || scheme !== 'base64' ? undefined : Buffer.from(text).toString('base64')
}

function decode([value, scheme]: readonly SqlValue[]): SqlValue {
  if (typeof value !== 'string' || scheme !== 'base64') return undefined
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return null
  const text = Buffer.from(value, 'base64').toString()
  return parseJsonValue(text) ?? text
}
