import { type ZodType, z } from 'zod'
import { OperatorError } from './operator-error.ts'

/** Checks a request by the contract before it costs a call. Throws REQUEST_INVALID, as the API would answer. */
export function parseRequest<Request>(schema: ZodType<Request>, request: unknown): Request {
  const parsed = schema.safeParse(request)
  if (parsed.success) return parsed.data
  throw new OperatorError('REQUEST_INVALID', z.prettifyError(parsed.error).replace(/\s+/g, ' '), {
    cause: parsed.error,
  })
}
