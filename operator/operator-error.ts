import type { FaultCode } from '#contract/fault-codes.ts'

/** What fails on this side of the API, or in an answer that is none of the API's own. */
export type OperatorErrorCode =
  | 'ACCESS_DENIED'
  | 'API_ANSWER_INVALID'
  | 'API_FAILED'
  | 'API_UNREACHABLE'
  | 'API_URL_INVALID'
  | 'AWS_REFUSED'
  | 'CLOCK_SKEWED'
  | 'CONFIRMATION_MISSING'
  | 'CREDENTIALS_UNUSABLE'
  | 'CSV_INVALID'
  | 'FILE_UNREADABLE'
  | 'FILE_UNWRITABLE'
  | 'FOLDER_UNUSABLE'
  | 'NOT_CONFIRMED'
  | 'PARTLY_DONE'
  | 'REGION_MISSING'
  | 'STACK_UNUSABLE'

interface OperatorErrorOptions {
  readonly hint?: string | undefined
  /** A line for each of several things that are wrong. */
  readonly details?: readonly string[]
  /** The HTTP status, when a service answered. */
  readonly status?: number | undefined
  readonly requestId?: string | undefined
  readonly cause?: unknown
}

/**
 * The one error that the operator's client throws on purpose. `code` is ours, or the fault code that the API
 * answered; a newer API may answer one that this version has no name for.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly code: OperatorErrorCode | FaultCode | (string & {})
  readonly hint: string | undefined
  readonly details: readonly string[]
  readonly status: number | undefined
  readonly requestId: string | undefined

  constructor(code: OperatorError['code'], message: string, options: OperatorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? []
    this.status = options.status
    this.requestId = options.requestId
  }
}
