import { writeSync } from 'node:fs'
import { format } from 'node:util'

const levels = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' } as const
const order = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

/** Writes console calls as Lambda's runtime does: tab-separated text, or one JSON object a line. */
export function patchConsole(requestId: () => string | undefined): void {
  const isJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON'
  const threshold = order.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL ?? 'TRACE')
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...values: unknown[]) => {
      if (isJson && order.indexOf(level) < threshold) return
      const timestamp = new Date().toISOString()
      const line = isJson
        ? toJsonLine(timestamp, level, requestId(), values)
        : `${timestamp}\t${requestId() ?? 'undefined'}\t${level}\t${format(...values)}`
      writeSync(1, `${line}\n`)
    }
  }
}

function toJsonLine(timestamp: string, level: string, requestId: string | undefined, values: unknown[]): string {
  const error = values.find((value) => value instanceof Error)
  const details = error && { errorType: error.name, errorMessage: error.message, stackTrace: error.stack?.split('\n') }
  const record = { timestamp, level, ...(requestId && { requestId }), ...details }
  try {
    return JSON.stringify({ ...record, message: values.length === 1 && !error ? values[0] : format(...values) })
  } catch {
    return JSON.stringify({ ...record, message: format(...values) })
  }
}
