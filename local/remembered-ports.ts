import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const portsFile = 'ports.json'

export interface Ports {
  readonly gateway: number
  readonly mqtt: number
  readonly credentials: number
  readonly api: number
}

/** What was asked for, else what the last run had (deployed stacks name it), else 0: a free one. */
export function choosePorts(asked: Partial<Ports>, earlier: Ports | undefined): Ports {
  const pick = (name: keyof Ports) => asked[name] || earlier?.[name] || 0
  return { gateway: pick('gateway'), mqtt: pick('mqtt'), credentials: pick('credentials'), api: pick('api') }
}

/** The ports of the last run on this folder. */
export function readPorts(folder: string): Ports | undefined {
  const file = join(folder, portsFile)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

export function writePorts(folder: string, ports: Ports): void {
  const file = join(folder, portsFile)
  writeFileSync(`${file}.new`, `${JSON.stringify(ports)}\n`)
  renameSync(`${file}.new`, file)
}

/** Says which of the ports is taken, and what to do about it. */
export function explainTakenPort(error: unknown, wanted: Ports): unknown {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code !== 'EADDRINUSE') return error
  const name = Object.entries(wanted).find(([, number]) => number === port)?.[0]
  const message = `Port ${port} (${name}) is in use: end what listens there, or choose another port`
  return new Error(message, { cause: error })
}
