/** One event for the process of a function. */
export interface Invocation {
  readonly requestId: string
  readonly functionArn: string
  /** JSON */
  readonly payload: string
  readonly timeoutMs: number
  readonly clientContext?: string
}

/** How Lambda words an error in a function's answer. */
export interface FunctionError {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace?: readonly string[]
}

/** What the process of a function tells its parent. */
export type RuntimeMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: FunctionError }
  /** `payload` is JSON. */
  | { readonly kind: 'result'; readonly requestId: string; readonly payload: string }
  /** After a fatal one the process ends. */
  | { readonly kind: 'failure'; readonly requestId: string; readonly error: FunctionError; readonly fatal: boolean }
