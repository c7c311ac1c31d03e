import { type AgentLog, type LogLevel, logLevels } from '../agent/agent-log.ts'

/** Writes lines of text, or of JSON with time, level, message and fields; only those of the level and above. */
export function createAgentLogger(
  write: (line: string) => void,
  { format, level }: { readonly format: string; readonly level: LogLevel },
  clock: () => Date = () => new Date(),
): AgentLog {
  const least = logLevels.indexOf(level)
  return (of, message, fields = {}) => {
    if (logLevels.indexOf(of) < least) return
    if (format === 'json') write(JSON.stringify({ time: clock().toISOString(), level: of, message, ...fields }))
    else {
      write(message)
      if (fields.hint !== undefined) write(`  ${fields.hint}`)
    }
  }
}
