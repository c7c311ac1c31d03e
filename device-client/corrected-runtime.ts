import type { X509Certificate } from 'node:crypto'
import { checkValidity } from './certificate-validity.ts'
import type { HttpTransport } from './http-transport.ts'
import type { Runtime } from './runtime.ts'

/** A runtime whose clock goes by the services' time once it is known that this machine's does not. */
export interface CorrectedRuntime extends Runtime {
  /** Takes the Date header of an answer. */
  learnTime(date: string | undefined): void
}

/** A Date header has whole seconds and was on its way for some; S3 takes 15 minutes. */
const toleranceMs = 60_000

/** Goes by this machine's clock until a service says another time, and then by that and the time since. */
export function correctRuntime(runtime: Runtime): CorrectedRuntime {
  const { clock, monotonicMs } = runtime
  let learned: { readonly timeMs: number; readonly atMs: number } | undefined
  return {
    ...runtime,
    clock: () => (learned === undefined ? clock() : new Date(learned.timeMs + monotonicMs() - learned.atMs)),
    learnTime(date) {
      const timeMs = Date.parse(date ?? '')
      if (Number.isNaN(timeMs)) return
      const isSkewed = Math.abs(timeMs - clock().getTime()) > toleranceMs
      learned = isSkewed ? { timeMs, atMs: monotonicMs() } : undefined
    },
  }
}

/** A transport that learns the time from every answer. */
export function learnTimeFrom(transport: HttpTransport, { learnTime }: CorrectedRuntime): HttpTransport {
  return {
    ...transport,
    async send(request) {
      const answer = await transport.send(request)
      learnTime(answer.headers.date)
      return answer
    },
  }
}

/**
 * Throws CERTIFICATE_NOT_YET_VALID or CERTIFICATE_EXPIRED, by the service's time if `ask`, which sends it any request, gets an
 * answer: by this machine's alone a valid certificate may seem outside its time.
 */
export async function checkValidityThere(
  certificate: X509Certificate,
  { clock }: Pick<Runtime, 'clock'>,
  ask: () => Promise<unknown>,
): Promise<void> {
  try {
    checkValidity(certificate, clock())
  } catch {
    // Without an answer this machine's clock decides.
    await ask().catch(() => {})
    checkValidity(certificate, clock())
  }
}
