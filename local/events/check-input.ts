import { notImplemented } from '#local/service.ts'
import { invalidInput } from './events-errors.ts'

interface TextLimits {
  readonly max: number
  readonly min?: number
  readonly pattern?: RegExp
}

const namePattern = /^[.\-_A-Za-z0-9]+$/

/** A text of the request; its member is named in the errors as AWS names it. */
export function readText(value: unknown, member: string, { max, min = 0, pattern }: TextLimits): string {
  if (typeof value !== 'string') throw constraint(value, member, 'Member must not be null')
  if (value.length < min) throw constraint(value, member, `Member must have length greater than or equal to ${min}`)
  if (value.length > max) throw constraint(value, member, `Member must have length less than or equal to ${max}`)
  if (pattern && !pattern.test(value)) {
    throw constraint(value, member, `Member must satisfy regular expression pattern: ${pattern.source}`)
  }
  return value
}

export function readName(value: unknown, member: string): string {
  return readText(value, member, { min: 1, max: 64, pattern: namePattern })
}

export function readArn(value: unknown, member: string): string {
  return readText(value, member, { min: 1, max: 1600 })
}

export function readList<T>(value: readonly T[] | undefined, member: string, max: number): readonly T[] {
  if (!Array.isArray(value)) throw constraint(value, member, 'Member must not be null')
  if (value.length < 1) throw constraint('[]', member, 'Member must have length greater than or equal to 1')
  if (value.length > max) {
    throw constraint(`[${value.length} items]`, member, `Member must have length less than or equal to ${max}`)
  }
  return value
}

/** Refuses by name what AWS knows and the embedded cloud does not. */
export function refuseOthers(input: object, known: readonly string[], what: string): void {
  const other = Object.keys(input).find((name) => !known.includes(name))
  if (other !== undefined) throw notImplemented(`${other} of ${what}`)
}

export function constraint(value: unknown, member: string, rule: string) {
  const shown = value === undefined ? 'Value null' : `Value '${value}'`
  return invalidInput(`1 validation error detected: ${shown} at '${member}' failed to satisfy constraint: ${rule}`)
}
