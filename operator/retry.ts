/** How one attempt failed: the status that came, or the code of the network error. */
export interface FailedAttempt {
  readonly method: string
  /** 1 for the first. */
  readonly attempt: number
  readonly status?: number
  readonly networkCode?: string | undefined
  readonly retryAfterSeconds?: number | undefined
}

const maxAttempts = 4
const baseDelayMs = 250
const longestRetryAfterSeconds = 20

/** API Gateway answers 503 when an integration was throttled, 502 and 504 when one broke off. */
const passingStatuses = { GET: [429, 502, 503, 504], other: [429, 503] }
/** A connection that was never made carried no request, so even a POST may go again. */
const notSent = ['ECONNREFUSED', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ENETUNREACH', 'EHOSTUNREACH']
const brokenOff = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'UND_ERR_SOCKET']

/** The milliseconds to wait before the next attempt, or undefined when this failure is the answer. Full jitter. */
export function decideRetry(failed: FailedAttempt, random: () => number): number | undefined {
  if (failed.attempt >= maxAttempts || !isPassing(failed)) return undefined
  const askedSeconds = failed.retryAfterSeconds ?? 0
  if (askedSeconds > longestRetryAfterSeconds) return undefined
  return Math.max(askedSeconds * 1000, random() * baseDelayMs * 2 ** (failed.attempt - 1))
}

function isPassing({ method, status, networkCode }: FailedAttempt): boolean {
  if (status !== undefined) return passingStatuses[method === 'GET' ? 'GET' : 'other'].includes(status)
  if (networkCode === undefined) return false
  return notSent.includes(networkCode) || (method === 'GET' && brokenOff.includes(networkCode))
}
