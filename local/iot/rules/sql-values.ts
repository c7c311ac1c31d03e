import type { SqlObject, SqlValue } from './sql-syntax.ts'

// Conversions of AWS IoT SQL: developer guide, "Data types", "Conversions". What cannot be converted is Undefined.

const DECIMAL = /^-?\d+(\.\d+)?(e-?\d+)?$/i

export function toDecimal(value: SqlValue): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && DECIMAL.test(value) ? Number(value) : undefined
}

export function toInt(value: SqlValue): number | undefined {
  const decimal = toDecimal(value)
  return decimal === undefined ? undefined : Math.floor(decimal)
}

export function toBoolean(value: SqlValue): boolean | undefined {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  const text = value.toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : undefined
}

export function toText(value: SqlValue): string | undefined {
  if (value === null || value === undefined) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export function isSqlList(value: SqlValue): value is readonly SqlValue[] {
  return Array.isArray(value)
}

export function isSqlObject(value: SqlValue): value is SqlObject {
  return typeof value === 'object' && value !== null && !isSqlList(value)
}

/** Values of different types are not equal; the order of an object's keys does not matter. */
export function isEqual(left: SqlValue, right: SqlValue): boolean {
  if (isSqlList(left) && isSqlList(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index]))
  }
  if (!isSqlObject(left) || !isSqlObject(right)) return left === right
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isEqual(left[name], right[name]))
  )
}

/** The value under a name of an object or an index of an array. */
export function memberOf(value: SqlValue, step: string | number): SqlValue {
  if (typeof step === 'number') return isSqlList(value) ? value[step] : undefined
  return isSqlObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/** The value of a JSON text, Undefined when it is none. */
export function parseJsonValue(text: string): SqlValue {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
