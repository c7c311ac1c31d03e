import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { connectionFault } from './connection-fault.ts'
import { DeviceFault } from './device-fault.ts'
import type { Endpoint } from './endpoint.ts'
import { findProxy } from './find-proxy.ts'
import { type Finding, failed, ok } from './finding.ts'
import { openTunnel } from './open-tunnel.ts'

export interface ProbedEndpoint extends Endpoint {
  /** Of the checks: `mqtt` → `mqtt-dns`, `mqtt-tcp`, `mqtt-tls`. */
  readonly name: string
  /** Absent where no TLS is spoken. */
  readonly tls?: Pick<SecureContextOptions, 'key' | 'cert' | 'ca'>
}

/** Finds out how far a connection gets: the name, the port, TLS; through the proxy of the environment, that instead of the first two. */
export async function probeEndpoint(endpoint: ProbedEndpoint, timeoutMs: number): Promise<readonly Finding[]> {
  const { name, host, port, tls } = endpoint
  const findings: Finding[] = []
  let step = 'proxy'
  try {
    const proxy = tls && findProxy(host, port)
    if (proxy === undefined) {
      step = 'dns'
      if (isIP(host) === 0) findings.push(ok(`${name}-dns`, await resolve(host, timeoutMs)))
      step = 'tcp'
    }
    const reached = await reach(endpoint, proxy, timeoutMs)
    const way = proxy === undefined ? '' : ` through the proxy ${proxy.host}`
    findings.push(ok(`${name}-${step}`, `${host}:${port} is reached${way}`))
    step = 'tls'
    if (tls === undefined) reached.destroy()
    else findings.push(ok(`${name}-tls`, await secure(reached, endpoint, proxy, timeoutMs)))
  } catch (error) {
    findings.push(failed(`${name}-${step}`, connectionFault(error, `${host}:${port}`)))
  }
  return findings
}

async function resolve(host: string, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeoutMs, new DeviceFault('DNS_UNAVAILABLE', `no answer for ${host} in time`))
  })
  const addresses = await Promise.race([lookup(host, { all: true }), silence]).finally(() => clearTimeout(timer))
  return `${host} is ${addresses.map(({ address }) => address).join(', ')}`
}

async function reach({ host, port }: Endpoint, proxy: URL | undefined, timeoutMs: number): Promise<Socket> {
  if (proxy !== undefined) return await openTunnel(proxy, { host, port, timeoutMs })
  const socket = connect(port, host)
  await whenEmitted(socket, 'connect', timeoutMs, `${host}:${port}`)
  return socket
}

/** Speaks TLS, whoever answers: a foreign certificate tells more than that there is one. */
async function secure(
  reached: Socket,
  endpoint: ProbedEndpoint,
  proxy: URL | undefined,
  timeoutMs: number,
): Promise<string> {
  const { host, port, servername, tls } = endpoint
  const where = `${host}:${port}`
  const socket = connectTls({
    socket: reached,
    host,
    ...(servername !== undefined && { servername }),
    ...tls,
    rejectUnauthorized: false,
  })
  try {
    await whenEmitted(socket, 'secureConnect', timeoutMs, where)
    if (socket.authorized) return `${where} speaks ${socket.getProtocol()} as ${nameOf(socket, 'subject')}`
    throw await judgeForeign(socket, where, timeoutMs)
  } catch (error) {
    const fault = connectionFault(error, where)
    if (!(fault instanceof DeviceFault) || fault.code !== 'NOT_TLS') throw fault
    throw (await askInPlain(endpoint, proxy, timeoutMs)) ?? fault
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

/** A server that is not trusted: a captive portal if it sends its callers elsewhere. */
async function judgeForeign(socket: TLSSocket, where: string, timeoutMs: number): Promise<unknown> {
  const { authorizationError } = socket as { authorizationError: unknown }
  const code =
    authorizationError instanceof Error ? (authorizationError as NodeJS.ErrnoException).code : authorizationError
  const names = `${code}, its certificate is ${nameOf(socket, 'subject')}'s, issued by ${nameOf(socket, 'issuer')}`
  const head = await askHttp(socket, where, timeoutMs)
  if (isRedirect(head)) return captivePortal(where, head, names)
  return connectionFault(Object.assign(new Error(names), { code }), where)
}

async function askInPlain(
  { host, port }: Endpoint,
  proxy: URL | undefined,
  timeoutMs: number,
): Promise<DeviceFault | undefined> {
  const socket = await reach({ host, port, servername: undefined }, proxy, timeoutMs)
  const head = await askHttp(socket, `${host}:${port}`, timeoutMs)
  socket.destroy()
  return head.startsWith('HTTP/') ? captivePortal(`${host}:${port}`, head, 'where TLS should be') : undefined
}

function captivePortal(where: string, head: string, detail: string): DeviceFault {
  const [line = ''] = head.split('\r\n')
  const location = /^location: *([^?#\r\n]{0,200})/im.exec(head)?.[1]
  const answer = `${where} answers ${line.slice(0, 80)}${location === undefined ? '' : ` to ${location}`}`
  return new DeviceFault('CAPTIVE_PORTAL', `${answer}: ${detail}`)
}

const isRedirect = (head: string) => /^HTTP\/1\.[01] 3\d\d/.test(head)

/** The head of the answer to a GET, or nothing. */
function askHttp(socket: Socket, where: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve) => {
    let head = ''
    const timer = setTimeout(() => resolve(head), Math.min(timeoutMs, 3000))
    const end = () => {
      clearTimeout(timer)
      resolve(head)
    }
    socket.on('error', end).on('close', end)
    socket.on('data', (chunk) => {
      head += chunk.toString('latin1')
      if (head.includes('\r\n\r\n') || head.length > 16_384) end()
    })
    socket.write(`GET / HTTP/1.1\r\nHost: ${where}\r\nConnection: close\r\n\r\n`)
  })
}

function nameOf(socket: TLSSocket, whose: 'subject' | 'issuer'): string {
  const names = socket.getPeerCertificate()[whose]
  return JSON.stringify(names?.CN ?? names?.O ?? 'someone without a name')
}

function whenEmitted(socket: Socket, event: string, timeoutMs: number, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const silence = new DeviceFault('CONNECTION_TIMEOUT', `${where} did not answer in time`)
    const timer = setTimeout(() => socket.destroy(silence), timeoutMs)
    socket.once(event, () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new DeviceFault('CONNECTION_LOST', `${where} ended the connection`))
    })
  })
}
