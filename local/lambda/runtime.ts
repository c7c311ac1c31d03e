// The process of a function: loads its bundle, then handles one event at a time as the parent sends them.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { patchConsole } from './runtime-console.ts'
import { loadHandler, RuntimeError } from './runtime-handler.ts'
import type { FunctionError, Invocation, RuntimeMessage } from './runtime-protocol.ts'

// Set by the parent for this process only: the function must not see it.
delete process.env.NODE_COMPILE_CACHE

let current: Invocation | undefined

function send(message: RuntimeMessage, sent?: () => void): void {
  process.send?.(message, undefined, undefined, sent)
}

function describeError(error: unknown): FunctionError {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] }
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] }
}

/** Nothing can be said about the state of a process in which an error went astray, so it ends. */
function crash(error: FunctionError): void {
  writeSync(2, `${JSON.stringify(error)}\n`)
  const message: RuntimeMessage = current
    ? { kind: 'failure', requestId: current.requestId, error, fatal: true }
    : { kind: 'init-failed', error }
  send(message, () => process.exit(1))
}

process.on('disconnect', () => process.exit())
// Ctrl-C reaches every process of a terminal; the cloud lets functions finish before it closes.
process.on('SIGINT', () => {})
process.on('uncaughtException', (error) => crash(describeError(error)))
process.on('unhandledRejection', (reason) => {
  const { errorMessage, trace = [] } = describeError(reason)
  crash({ errorType: 'Runtime.UnhandledPromiseRejection', errorMessage, trace })
})

patchConsole(() => current?.requestId)

function createContext(invocation: Invocation) {
  const deadline = performance.now() + invocation.timeoutMs
  const { env } = process
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: invocation.functionArn,
    awsRequestId: invocation.requestId,
    clientContext: invocation.clientContext && JSON.parse(invocation.clientContext),
    identity: undefined,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(deadline - performance.now())),
  }
}

function encodeResult(result: unknown): string {
  try {
    return JSON.stringify(result) ?? 'null'
  } catch (cause) {
    const message = `Unable to stringify response body: ${(cause as Error).message}`
    throw new RuntimeError('Runtime.MarshalError', message, { cause })
  }
}

try {
  const [root = '', handlerName = '', runtime = ''] = process.argv.slice(2)
  const handler = await loadHandler(root, handlerName, runtime)
  process.on('message', async (invocation: Invocation) => {
    const { requestId } = invocation
    current = invocation
    try {
      const result = await handler(JSON.parse(invocation.payload), createContext(invocation))
      send({ kind: 'result', requestId, payload: encodeResult(result) })
    } catch (thrown) {
      const error = describeError(thrown)
      console.error('Invoke Error', JSON.stringify(error))
      send({ kind: 'failure', requestId, error, fatal: false })
    } finally {
      current = undefined
    }
  })
  send({ kind: 'ready' })
  // The process is killed when it has served its time, so the cache is never written on exit.
  flushCompileCache()
} catch (error) {
  crash(describeError(error))
}
