import { terminalSafe } from '../output/terminal-safe.ts'

/** What commander says of a command line that is wrong, in which words of the command line stand as they are. */
export function formatUsageFailure(text: string): string {
  return text.split('\n').map(terminalSafe).join('\n')
}
