import type { FaultCode } from './fault-codes.ts'

interface FaultOptions {
  /** What the reader does about it: a command or a sentence. */
  readonly hint?: string
  /** When it may go better. */
  readonly retryAfterSeconds?: number
  readonly cause?: unknown
}

/** The one error that thingdrop throws on purpose. Callers switch on `code`; people read `message` and `hint`. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly hint: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: FaultCode, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
