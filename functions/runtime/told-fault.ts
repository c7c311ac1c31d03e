import { Fault } from '#contract/fault.ts'
import { faultStatus } from '#contract/fault-codes.ts'
import { log } from './log.ts'

/** What a caller is told of an error: a Fault of ours as it is, of anything else that it is our side. Logs it as `about` says. */
export function toldFault(error: unknown, about: Readonly<Record<string, unknown>>): Fault {
  const isOurs = error instanceof Fault && faultStatus[error.code] < 500
  const fault = isOurs
    ? error
    : new Fault('INTERNAL', 'something failed on our side', { hint: 'try again; if it stays, give us the request id' })
  log(isOurs ? 'info' : 'error', 'request refused', { ...about, code: fault.code, ...(isOurs ? {} : { error }) })
  return fault
}
