import { OperatorError } from '../../operator-error.ts'

/** Whether a failure may pass by itself: a network that is away, a service that is busy or broken. */
export function isPassing(error: unknown): error is OperatorError {
  if (!(error instanceof OperatorError)) return false
  const { code, status = 0 } = error
  return code === 'API_UNREACHABLE' || status === 429 || status >= 500
}
