export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Told of what happens, in words and in fields for programs. No secret is in either. */
export type AgentLog = (level: LogLevel, message: string, fields?: LogFields) => void
