import { OperatorError } from '../../operator-error.ts'
import type { Out } from '../../output/out.ts'
import { terminalSafe } from '../../output/terminal-safe.ts'

/** Says of a failure that passes by itself that it is tried again. Throws every other, and each one where nothing is tried again. */
export async function pardonPassing(error: unknown, stderr: Out, isTriedAgain: boolean): Promise<void> {
  if (!isTriedAgain || !(error instanceof OperatorError) || !isPassing(error)) throw error
  await stderr.write(`${terminalSafe(`${error.code}: ${error.message}`)}; trying again\n`)
}

function isPassing({ code, status = 0 }: OperatorError): boolean {
  return code === 'API_UNREACHABLE' || status === 429 || status >= 500
}
