/** How one attempt failed: the status that came, or the code of the network error. */
export interface FailedAttempt {
  readonly method: string
  /** Done twice it is done once, though it is no GET. */
  readonly isRepeatable?: boolean | undefined
  /** 1 for the first. */
  readonly attempt: number
  readonly maxAttempts?: number | undefined
  readonly status?: number
  readonly networkCode?: string | undefined
  readonly retryAfterSeconds?: number | undefined
}

const defaultMaxAttempts = 4
const baseDelayMs = 250
const longestDelayMs = 20_000

/** API Gateway answers 503 when an integration was throttled, 502 and 504 when one broke off. */
const passingStatuses = { repeatable: [429, 502, 503, 504], other: [429, 503] }
/** A connection that was never made carried no request, so even a POST may go again. */
const notSent = ['ECONNREFUSED', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ENETUNREACH', 'EHOSTUNREACH']
const brokenOff = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']

/** The milliseconds to wait before the next attempt, or undefined when this failure is the answer. Full jitter. */
export function decideRetry(failed: FailedAttempt, random: () => number): number | undefined {
  const { attempt, maxAttempts = defaultMaxAttempts, retryAfterSeconds = 0 } = failed
  if (attempt >= maxAttempts || !isPassing(failed)) return undefined
  const askedMs = retryAfterSeconds * 1000
  if (askedMs > longestDelayMs) return undefined
  return Math.max(askedMs, random() * Math.min(baseDelayMs * 2 ** (attempt - 1), longestDelayMs))
}

function isPassing({ method, isRepeatable = method === 'GET', status, networkCode }: FailedAttempt): boolean {
  if (status !== undefined) return passingStatuses[isRepeatable ? 'repeatable' : 'other'].includes(status)
  if (networkCode === undefined) return false
  return notSent.includes(networkCode) || (isRepeatable && brokenOff.includes(networkCode))
}
