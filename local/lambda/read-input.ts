import type { z } from 'zod'
import { AwsError } from '#local/service.ts'

/** Reads an operation's input; what does not fit is a `ValidationException` that names the member. */
export function readInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const member = issue?.path.join('.')
  throw new AwsError('ValidationException', `1 validation error detected: Value at '${member}': ${issue?.message}`)
}
