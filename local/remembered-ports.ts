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

/** Listens on a port, or says which one is taken and what to do about it. */
export async function listenOn<T>(name: keyof Ports, port: number, listen: (port: number) => Promise<T>): Promise<T> {
  try {
    return await listen(port)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause
    throw new Error(`Port ${port} (${name}) is in use: end what listens there, or choose another port`, { cause })
  }
}

function readPorts(file: string): Partial<Ports> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return {}
  }
}
