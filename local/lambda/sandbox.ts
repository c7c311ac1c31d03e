import { type ChildProcess, fork } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { FunctionError, Invocation, RuntimeMessage } from './runtime-protocol.ts'

const runtimeFile = fileURLToPath(new URL('runtime.ts', import.meta.url))

/** Lambda's limit for the init phase. */
const initTimeoutMs = 10_000

export interface SandboxOptions {
  readonly codeFolder: string
  readonly handler: string
  readonly runtime: string
  readonly memoryMb: number
  readonly environment: Readonly<Record<string, string>>
  readonly compileCache: string
  readonly writeLine: (line: string) => void
}

export type Outcome =
  /** `payload` is JSON. */
  { readonly payload: string } | { readonly error: FunctionError }

export type Sandbox = ReturnType<typeof createSandbox>

/** One process of a function. It handles one event at a time, and is of no use after a timeout or a crash. */
export function createSandbox(options: SandboxOptions) {
  const child = fork(runtimeFile, [options.codeFolder, options.handler, options.runtime], {
    cwd: options.codeFolder,
    env: { ...options.environment, NODE_COMPILE_CACHE: options.compileCache },
    execArgv: [`--max-old-space-size=${options.memoryMb}`],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  copyLines(child, options.writeLine)

  let alive = true
  let receive: ((message: RuntimeMessage | { kind: 'exited'; how: string }) => void) | undefined
  const exited = new Promise<void>((resolve) => {
    child.on('exit', (code, signal) => {
      alive = false
      receive?.({ kind: 'exited', how: signal ? `signal: ${signal}` : `exit status ${code}` })
      resolve()
    })
  })
  child.on('error', (error) => options.writeLine(`${error.name}: ${error.message}`))
  child.on('message', (message: RuntimeMessage) => receive?.(message))

  function kill(): void {
    alive = false
    child.kill('SIGKILL')
  }

  /** The first message that `pick` takes; undefined when the time is over, and then the process is killed. */
  function waitFor<T>(timeoutMs: number, pick: (message: Parameters<NonNullable<typeof receive>>[0]) => T | undefined) {
    return new Promise<T | undefined>((resolve) => {
      const finish = (value: T | undefined) => {
        clearTimeout(timer)
        receive = undefined
        resolve(value)
      }
      const timer = setTimeout(() => {
        kill()
        finish(undefined)
      }, timeoutMs)
      receive = (message) => {
        const picked = pick(message)
        if (picked !== undefined) finish(picked)
      }
    })
  }

  const started: Promise<FunctionError | 'ready'> = waitFor(initTimeoutMs, (message) => {
    if (message.kind === 'ready') return 'ready' as const
    if (message.kind === 'init-failed') return message.error
    if (message.kind === 'exited') return exitError(message.how)
    return undefined
  }).then((result) => result ?? { errorType: 'Sandbox.Timedout', errorMessage: 'Init timed out after 10 seconds' })

  async function invoke(invocation: Invocation): Promise<Outcome> {
    const { requestId, timeoutMs } = invocation
    const start = await started
    if (start !== 'ready') {
      kill()
      return { error: start }
    }
    if (!alive) return { error: exitError('exit', requestId) }
    const outcome = waitFor<Outcome>(timeoutMs, (message) => {
      if (message.kind === 'exited') return { error: exitError(message.how, requestId) }
      if (message.kind === 'result' && message.requestId === requestId) return { payload: message.payload }
      if (message.kind !== 'failure' || message.requestId !== requestId) return undefined
      if (message.fatal) kill()
      return { error: message.error }
    })
    child.send(invocation)
    return (await outcome) ?? { error: timeoutError(requestId, timeoutMs) }
  }

  return {
    invoke,
    isAlive: () => alive && child.connected,
    /** Settles when the process is gone. */
    exited,
    kill,
  }
}

function exitError(how: string, requestId?: string): FunctionError {
  const errorMessage = `${requestId ? `RequestId: ${requestId} ` : ''}Error: Runtime exited with error: ${how}`
  return { errorType: 'Runtime.ExitError', errorMessage }
}

function timeoutError(requestId: string, timeoutMs: number): FunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2)
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`
  return { errorType: 'Sandbox.Timedout', errorMessage }
}

function copyLines({ stdout, stderr }: ChildProcess, writeLine: (line: string) => void): void {
  for (const stream of [stdout, stderr]) {
    if (stream) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', writeLine)
  }
}
