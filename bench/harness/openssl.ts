import { execFile, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Work } from './meter.ts'

const run = promisify(execFile)

export interface ServerFiles {
  readonly certificate: string
  readonly key: string
  /** The CA of the clients. */
  readonly clientAuthority: string
}

export interface OpensslServer {
  readonly pid: number
  readonly port: number
  stop(): void
}

/** `openssl s_server` that asks for a client certificate and gives no tickets, on a free port. */
export async function startOpensslServer(files: ServerFiles): Promise<OpensslServer> {
  const identity = ['-cert', files.certificate, '-key', files.key, '-Verify', '1', '-CAfile', files.clientAuthority]
  const child = spawn('openssl', ['s_server', '-accept', '0', ...identity, '-no_ticket', '-www'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const port = /^ACCEPT .*:(\d+)$/.exec(line)?.[1]
    if (port === undefined) continue
    child.stdout.resume()
    return { pid: child.pid ?? 0, port: Number(port), stop: () => child.kill() }
  }
  throw new Error('openssl s_server did not start')
}

export interface ClientFiles {
  readonly certificate: string
  readonly key: string
  /** The CA of the server. */
  readonly authority: string
}

/** Handshakes by `openssl s_time`, which makes one after the other and measures in whole seconds. */
export async function timeHandshakes(port: number, files: ClientFiles, turnSeconds: number): Promise<Work> {
  const identity = ['-cert', files.certificate, '-key', files.key, '-CAfile', files.authority]
  const begin = performance.now()
  const { stdout } = await run('openssl', [
    's_time',
    '-connect',
    `127.0.0.1:${port}`,
    '-new',
    ...identity,
    '-time',
    `${turnSeconds}`,
  ])
  const seconds = (performance.now() - begin) / 1000
  const connections = /^(\d+) connections in \d+ real seconds/m.exec(stdout)?.[1]
  if (connections === undefined) throw new Error(`openssl s_time printed:\n${stdout}`)
  return { count: Number(connections), seconds }
}
