import { connect, isIP, type Socket, type TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext } from 'node:tls'
import { DeviceFault } from '../device-fault.ts'

export interface SocketTarget {
  readonly host: string
  readonly port: number
  /** Of a connection that speaks TLS. */
  readonly tls: TlsSession | undefined
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** A connection that is established. */
export interface OpenSocket {
  readonly socket: Socket
  /** Takes what comes from now on; a chunk is good until the listener returns. */
  readonly listen: (listener: (chunk: Buffer) => void) => void
}

/** Answers are small: one buffer for a connection spares one of 64 KiB for each read. */
const readBytes = 16 * 1024

/** What connections to one server share: the handshakes after the first are shorter. */
export interface TlsSession {
  readonly secureContext: SecureContext
  ticket: Buffer | undefined
}

/**
 * Connects, through the proxy of the environment if it names one for the host, and resolves when the server may be written to: with
 * TLS when it is known to be the one. Rejects with what the system or TLS says, CONNECTION_TIMEOUT, PROXY_…, or the signal's reason.
 */
export async function openSocket(target: SocketTarget): Promise<OpenSocket> {
  const { host, port, tls, timeoutMs, signal } = target
  let listener: (chunk: Buffer) => void = () => {}
  const onread = {
    buffer: Buffer.allocUnsafeSlow(readBytes),
    callback(length: number, bytes: Uint8Array) {
      listener(bytes.subarray(0, length) as Buffer)
      return true
    },
  }
  const listen: OpenSocket['listen'] = (next) => {
    listener = next
  }
  if (tls === undefined) {
    return { socket: await whenReady(connect({ host, port, onread }), 'connect', target), listen }
  }
  const { findProxy } = await import('../find-proxy.ts')
  const proxy = findProxy(host, port)
  const through =
    proxy && (await (await import('../open-tunnel.ts')).openTunnel(proxy, { host, port, timeoutMs, signal }))
  const options: ConnectionOptions & Pick<TcpNetConnectOpts, 'onread'> = {
    ...(through === undefined ? { host, port, onread } : { socket: through, host, onread: undefined }),
    secureContext: tls.secureContext,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) === 0 && { servername: host }),
    ...(tls.ticket !== undefined && { session: tls.ticket }),
  }
  const socket = connectTls(options)
  socket.on('session', (ticket) => {
    tls.ticket = ticket
  })
  await whenReady(socket, 'secureConnect', target)
  // Node.js reads into one buffer only where TLS has the line to itself.
  return { socket, listen: through === undefined ? listen : (next) => void socket.on('data', next) }
}

function whenReady(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  { host, port, timeoutMs, signal }: SocketTarget,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      forget()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onTimeout = () => fail(new DeviceFault('CONNECTION_TIMEOUT', `${host}:${port} was silent for too long`))
    const onEnd = () => fail(new DeviceFault('CONNECTION_LOST', `${host}:${port} ended the connection`))
    const onAbort = () => fail(signal?.reason)
    const onReady = () => {
      forget()
      resolve(socket)
    }
    const forget = () => {
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', fail).off('close', onEnd).off('timeout', onTimeout).off(event, onReady)
    }
    signal?.addEventListener('abort', onAbort)
    socket.setTimeout(timeoutMs)
    socket.on('error', fail).on('close', onEnd).on('timeout', onTimeout).on(event, onReady)
  })
}
