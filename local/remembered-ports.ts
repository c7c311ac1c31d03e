import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Ports {
  readonly gateway: number
  readonly mqtt: number
  readonly credentials: number
  readonly api: number
}

/** What was asked for, else what the last run had (deployed stacks name it), else 0: a free one. */
export function recallPorts(folder: string, asked: Partial<Ports>): Ports {
  const last = readPorts(join(folder, 'ports.json'))
  const pick = (name: keyof Ports) => asked[name] || last[name] || 0
  return { gateway: pick('gateway'), mqtt: pick('mqtt'), credentials: pick('credentials'), api: pick('api') }
}

export function rememberPorts(folder: string, ports: Ports): void {
  writeFileSync(join(folder, 'ports.json'), `${JSON.stringify(ports)}\n`)
}

/** Says which of the ports is taken, and what to do about it. */
export function explainTakenPort(error: unknown, wanted: Ports): unknown {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code !== 'EADDRINUSE') return error
  const name = Object.entries(wanted).find(([, number]) => number === port)?.[0]
  const message = `Port ${port} (${name}) is in use: end what listens there, or choose another port`
  return new Error(message, { cause: error })
}

function readPorts(file: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}
