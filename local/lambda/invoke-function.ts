import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { AwsError } from '#local/service.ts'
import { functionEnvironment } from './function-environment.ts'
import type { createFunctionLog } from './function-log.ts'
import type { FunctionRecord } from './function-record.ts'
import type { FunctionStore } from './function-store.ts'
import { createPool, type Pool } from './pool.ts'
import type { RoleSession } from './role-sessions.ts'
import { createSandbox, type Outcome } from './sandbox.ts'

export interface InvokerOptions {
  readonly folder: string
  readonly region: string
  readonly functions: FunctionStore
  readonly logs: ReturnType<typeof createFunctionLog>
  readonly assumeRole: (record: FunctionRecord) => RoleSession
  readonly endpoint: () => string
  readonly caFile: string | undefined
  readonly clock: () => Date
  /** Processes per function without a concurrency of its own. */
  readonly defaultConcurrency: number
  readonly idleMs: number
}

/** A process with credentials that are about to end gets no more events: what it signs for others, they may use for 15 minutes. */
const credentialReserveMs = 16 * 60_000

export type Invoker = ReturnType<typeof createInvoker>

/** Runs events in the functions' processes. */
export function createInvoker(options: InvokerOptions) {
  const { functions, clock, defaultConcurrency, idleMs } = options
  const pools = new Map<string, Pool>()

  function start(record: FunctionRecord) {
    const { configuration, codeFolder } = record
    const { Handler, Runtime, MemorySize, Timeout } = configuration
    const session = options.assumeRole(record)
    const day = clock().toISOString().slice(0, 10).replaceAll('-', '/')
    const logStream = `${day}/[$LATEST]${randomUUID().replaceAll('-', '')}`
    const sandbox = createSandbox({
      codeFolder,
      handler: Handler,
      runtime: Runtime,
      memoryMb: MemorySize,
      compileCache: join(options.folder, 'compile-cache'),
      writeLine: options.logs.open(configuration, session.caller, logStream),
      environment: functionEnvironment({
        configuration,
        credentials: session,
        codeFolder,
        logStream,
        region: options.region,
        endpoint: options.endpoint(),
        caFile: options.caFile,
      }),
    })
    return { sandbox, expiresAtMs: session.expiration.getTime() - Timeout * 1000 - credentialReserveMs }
  }

  function poolOf(record: FunctionRecord): Pool {
    const name = record.configuration.FunctionName
    const found = pools.get(name)
    if (found) return found
    const limit = record.reservedConcurrency ?? defaultConcurrency
    const pool = createPool({ start: () => start(record), limit, idleMs, now: () => clock().getTime() })
    pools.set(name, pool)
    return pool
  }

  return {
    /** Runs one event. A function that reserved its concurrency refuses what goes beyond it, the others let it wait. */
    async invoke(name: string, payload: string, requestId: string, clientContext?: string): Promise<Outcome> {
      const record = functions.get(name)
      const pool = poolOf(record)
      if (record.reservedConcurrency !== undefined && pool.isFull()) {
        throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429, {
          members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
        })
      }
      return pool.invoke({
        requestId,
        functionArn: record.configuration.FunctionArn,
        payload,
        timeoutMs: record.configuration.Timeout * 1000,
        ...(clientContext && { clientContext }),
      })
    },
    /** The function was changed or deleted: new events need new processes. */
    renew(name: string): void {
      pools.get(name)?.drain()
      pools.delete(name)
    },
    async close(): Promise<void> {
      await Promise.all([...pools.values()].map((pool) => pool.close()))
    },
  }
}
