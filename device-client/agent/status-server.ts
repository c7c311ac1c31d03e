import { chmodSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { DeviceFault } from '../device-fault.ts'
import type { AgentStatus } from './agent-status.ts'

const socketOf = (dir: string) => join(dir, 'agent.sock')
const waitMs = 5000

/**
 * Tells whoever connects to the socket in the device's folder how the agent does, as one line of JSON. Only this user may. The caller
 * holds the lock of the folder, so what lies there is left over. Throws STATUS_UNAVAILABLE.
 */
export async function startStatusServer(dir: string, status: () => AgentStatus): Promise<{ close(): Promise<void> }> {
  const path = socketOf(dir)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.setTimeout(waitMs, () => socket.destroy())
    socket.end(`${JSON.stringify(status())}\n`)
  })
  try {
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    chmodSync(path, 0o600)
  } catch (error) {
    throw new DeviceFault('STATUS_UNAVAILABLE', `cannot listen on ${path}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return { close: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** What the agent of a device's folder tells. Throws AGENT_NOT_RUNNING, STATUS_UNAVAILABLE. */
export async function readAgentStatus(dir: string): Promise<AgentStatus> {
  const path = socketOf(dir)
  const socket = createConnection(path)
  socket.setTimeout(waitMs, () => socket.destroy(new Error('it does not answer')))
  try {
    return JSON.parse(await text(socket)) as AgentStatus
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED'
    const what = isAbsent ? `no agent runs on ${dir}` : `${path}: ${message}`
    throw new DeviceFault(isAbsent ? 'AGENT_NOT_RUNNING' : 'STATUS_UNAVAILABLE', what, { cause: error })
  }
}
