import type { SecureContext } from 'node:tls'
import { DeviceFault } from '../device-fault.ts'
import { createHttpConnection, type HttpBody, type HttpConnection } from './http-connection.ts'
import { openSocket, type TlsSession } from './open-socket.ts'
import type { HttpAnswer } from './read-answers.ts'

interface PoolOptions {
  readonly host: string
  readonly port: number
  /** Of a server that speaks TLS. */
  readonly secureContext: SecureContext | undefined
  readonly maxConnections: number
  /** How long a connection may be silent. */
  readonly idleTimeoutMs: number
}

/** The connections to one server. */
export interface ConnectionPool {
  /** Over a connection that is free, a new one, or, with as many as there may be, the next that is free. */
  exchange(head: string, body: HttpBody, signal: AbortSignal | undefined): Promise<HttpAnswer>
  close(): void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export function createConnectionPool(options: PoolOptions): ConnectionPool {
  const { host, port, secureContext, maxConnections, idleTimeoutMs } = options
  const tls: TlsSession | undefined = secureContext && { secureContext, ticket: undefined }
  /** The one that was used last is taken first, so that those that are not needed grow old. */
  const free: HttpConnection[] = []
  const open = new Set<HttpConnection>()
  const waiters: Waiter[] = []
  let opening = 0

  async function connect(signal: AbortSignal | undefined): Promise<HttpConnection> {
    opening++
    try {
      const socket = await openSocket({ host, port, tls, timeoutMs: idleTimeoutMs, signal })
      const connection: HttpConnection = createHttpConnection(socket, {
        host: `${host}:${port}`,
        idleTimeoutMs,
        onClose() {
          open.delete(connection)
          waiters.shift()?.resolve()
        },
      })
      open.add(connection)
      return connection
    } catch (error) {
      waiters.shift()?.resolve()
      throw error
    } finally {
      opening--
    }
  }

  function takeFree(): HttpConnection | undefined {
    for (let connection = free.pop(); connection !== undefined; connection = free.pop()) {
      if (connection.isFree()) return connection
      connection.close()
    }
    return undefined
  }

  function waitForTurn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        const index = waiters.indexOf(waiter)
        if (index >= 0) waiters.splice(index, 1)
        reject(signal?.reason)
      }
      const settle =
        <Value>(next: (value: Value) => void) =>
        (value: Value) => {
          signal?.removeEventListener('abort', onAbort)
          next(value)
        }
      const waiter: Waiter = { resolve: settle(resolve), reject: settle(reject) }
      signal?.addEventListener('abort', onAbort)
      waiters.push(waiter)
    })
  }

  async function take(signal: AbortSignal | undefined): Promise<HttpConnection> {
    for (;;) {
      const connection = takeFree()
      if (connection !== undefined) return connection
      if (open.size + opening < maxConnections) return await connect(signal)
      await waitForTurn(signal)
    }
  }

  return {
    async exchange(head, body, signal) {
      const connection = takeFree() ?? (await take(signal))
      try {
        return await connection.exchange(head, body, signal)
      } finally {
        if (connection.isFree()) {
          free.push(connection)
          waiters.shift()?.resolve()
        }
      }
    },
    close() {
      for (const waiter of waiters.splice(0))
        waiter.reject(new DeviceFault('CONNECTION_LOST', 'the connection was closed'))
      for (const connection of [...open]) connection.close()
    },
  }
}
