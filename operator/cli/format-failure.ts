import { styleText } from 'node:util'
import { OperatorError } from '../operator-error.ts'
import type { Out } from '../output/out.ts'
import { terminalSafe } from '../output/terminal-safe.ts'

/** What went wrong, what to do about it, and what to quote when asking for help; with `debug` also where it comes from. */
export function formatFailure(error: unknown, { debug, out }: { debug: boolean; out: Out }): string {
  const known = error instanceof OperatorError
  // A newer API may answer one that is not in the list.
  const code = known ? terminalSafe(error.code) : 'INTERNAL'
  const message = error instanceof Error ? error.message : String(error)
  const hint = known ? error.hint : 'this is a fault of thingdrop: run it again with --debug and report what it prints'
  const lines = [
    `${out.colours ? styleText('red', code, { validateStream: false }) : code}: ${terminalSafe(message)}`,
    ...(known ? error.details.map((detail) => `  ${terminalSafe(detail)}`) : []),
    ...(hint === undefined ? [] : [`  hint: ${terminalSafe(hint)}`]),
    ...(known && error.requestId !== undefined ? [`  request: ${terminalSafe(error.requestId)}`] : []),
    ...(debug ? stackLines(error) : []),
  ]
  return `${lines.join('\n')}\n`
}

/** Stacks only: the fields of an AWS error hold the request, and with it the credentials' session token. */
function stackLines(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const lines = (error.stack ?? error.message).split('\n').map(terminalSafe)
  return error.cause === undefined ? lines : [...lines, 'caused by', ...stackLines(error.cause)]
}
