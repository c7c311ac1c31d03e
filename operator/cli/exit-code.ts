import { CommanderError } from 'commander'
import { OperatorError } from '../operator-error.ts'

/** The AWS CLI's return codes (AWS CLI user guide, "Command line return codes"). */
const exitCodes = { ok: 0, partly: 1, usage: 252, configuration: 253, refused: 254, failed: 255 } as const

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (!(error instanceof OperatorError)) return exitCodes.failed
  switch (error.code) {
    case 'API_URL_INVALID':
    case 'CLOCK_SKEWED':
    case 'CREDENTIALS_UNUSABLE':
    case 'REGION_MISSING':
    case 'STACK_UNUSABLE':
      return exitCodes.configuration
    case 'PARTLY_DONE':
      return exitCodes.partly
    case 'CONFIRMATION_MISSING':
    case 'CSV_INVALID':
      return exitCodes.usage
    default:
      if (error.status !== undefined) return exitCodes.refused
      return error.code === 'REQUEST_INVALID' ? exitCodes.usage : exitCodes.failed
  }
}
