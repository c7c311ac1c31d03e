import { validationError } from '../iam-errors.ts'

interface TextShape {
  /** Of the whole text, written as AWS's errors cite it. */
  readonly pattern: string
  readonly max: number
}

const nameCharacters = '[\\w+=,.@-]+'

/** Shapes of the IAM API model, by member. */
const shapes = {
  UserName: { pattern: nameCharacters, max: 64 },
  RoleName: { pattern: nameCharacters, max: 64 },
  PolicyName: { pattern: nameCharacters, max: 128 },
  Path: { pattern: '(\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)', max: 512 },
  PathPrefix: { pattern: '\\u002F[\\u0021-\\u007F]*', max: 512 },
  PolicyArn: { pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD]{20,}', max: 2048 },
  PermissionsBoundary: { pattern: '[\\u0021-\\u007E]{20,}', max: 2048 },
  PolicyDocument: { pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+', max: 131_072 },
  AssumeRolePolicyDocument: { pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+', max: 131_072 },
  AccessKeyId: { pattern: '[\\w]{16,}', max: 128 },
  VersionId: { pattern: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?', max: 64 },
  Description: { pattern: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*', max: 1000 },
} as const satisfies Record<string, TextShape>

export type CheckedMember = keyof typeof shapes

/** The member's text. Throws ValidationError in AWS's words when it is missing or does not fit. */
export function requireText<M extends CheckedMember>(input: Partial<Record<M, unknown>>, member: M): string {
  const text = optionalText(input, member)
  if (text === undefined) throw constraintError('null', member, 'Member must not be null')
  return text
}

export function optionalText<M extends CheckedMember>(
  input: Partial<Record<M, unknown>>,
  member: M,
): string | undefined {
  const value = input[member]
  if (value === undefined) return undefined
  const { pattern, max } = shapes[member]
  if (typeof value !== 'string' || !new RegExp(`^(?:${pattern})$`).test(value))
    throw constraintError(`'${value}'`, member, `Member must satisfy regular expression pattern: ${pattern}`)
  if (value.length > max)
    throw constraintError(`'${value}'`, member, `Member must have length less than or equal to ${max}`)
  return value
}

/** A whole number between two bounds, also as text. */
export function optionalInteger(value: unknown, member: string, min: number, max: number): number | undefined {
  if (value === undefined) return undefined
  const number = Number(value)
  if (!Number.isInteger(number) || number < min)
    throw constraintError(`'${value}'`, member, `Member must have value greater than or equal to ${min}`)
  if (number > max) throw constraintError(`'${value}'`, member, `Member must have value less than or equal to ${max}`)
  return number
}

export function constraintError(value: string, member: string, constraint: string): Error {
  const lowerCamel = member.charAt(0).toLowerCase() + member.slice(1)
  return validationError(
    `1 validation error detected: Value ${value} at '${lowerCamel}' failed to satisfy constraint: ${constraint}`,
  )
}
