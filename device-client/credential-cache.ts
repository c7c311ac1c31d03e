import type { Credentials } from './credentials.ts'
import { DeviceFault, type DeviceFaultCode } from './device-fault.ts'
import type { Runtime } from './runtime.ts'

export interface CredentialCache {
  /** Credentials that live for some time yet, or the failure of the last request while it is kept. */
  get(): Promise<Credentials>
  /** Forgets these credentials, which a service called expired, unless they were replaced already. */
  discard(credentials: Credentials): void
}

const minuteMs = 60_000
const refreshAheadMs = 5 * minuteMs

/**
 * How long a failure answers for the next request, so that a fleet that is refused does not beat on the provider: 5xx 1 min, an
 * answer that makes no sense 5 min, a refusal 2 min. A connection that failed is not kept: whoever asks again has its own backoff.
 */
const keptFailureMs: Partial<Record<DeviceFaultCode, number>> = {
  CREDENTIALS_UNAVAILABLE: minuteMs,
  CREDENTIALS_UNPARSABLE: 5 * minuteMs,
  ANSWER_INVALID: 5 * minuteMs,
  CREDENTIALS_THROTTLED: 2 * minuteMs,
  CREDENTIALS_REFUSED: 2 * minuteMs,
  THING_NOT_ATTACHED: 2 * minuteMs,
  ROLE_ALIAS_DENIED: 2 * minuteMs,
  ROLE_ALIAS_MISSING: 2 * minuteMs,
  ROLE_UNASSUMABLE: 2 * minuteMs,
  ROLE_SESSION_TOO_LONG: 2 * minuteMs,
  CERTIFICATE_INACTIVE: 2 * minuteMs,
}

/** Keeps one set of credentials: at most one request is in flight, and a new set is fetched 5 minutes ahead of the end. */
export function createCredentialCache(
  fetch: () => Promise<Credentials>,
  { clock, monotonicMs }: Pick<Runtime, 'clock' | 'monotonicMs'>,
): CredentialCache {
  let current: Credentials | undefined
  let failure: { readonly fault: DeviceFault; readonly untilMs: number } | undefined
  let flight: Promise<Credentials> | undefined

  const livesFor = (ms: number): Credentials | undefined =>
    current !== undefined && current.expiration.getTime() - clock().getTime() > ms ? current : undefined

  async function refresh(): Promise<Credentials> {
    try {
      current = await fetch()
      failure = undefined
      return current
    } catch (error) {
      const keptMs = error instanceof DeviceFault ? keptFailureMs[error.code] : undefined
      if (keptMs !== undefined) failure = { fault: error as DeviceFault, untilMs: monotonicMs() + keptMs }
      throw error
    } finally {
      flight = undefined
    }
  }

  return {
    async get() {
      const fresh = livesFor(refreshAheadMs)
      if (fresh !== undefined) return fresh
      const usable = livesFor(0)
      if (failure !== undefined && monotonicMs() < failure.untilMs) {
        if (usable === undefined) throw failure.fault
        return usable
      }
      flight ??= refresh()
      // Refused ahead of time is no reason to stop: the present credentials are good for minutes.
      return usable === undefined ? flight : flight.catch(() => usable)
    },
    discard(credentials) {
      if (current === credentials) current = undefined
    },
  }
}
