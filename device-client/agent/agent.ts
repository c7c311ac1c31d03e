import { realpathSync } from 'node:fs'
import packageJson from '../../package.json' with { type: 'json' }
import { renewalDueAt } from '../certificate-validity.ts'
import type { CredentialServer } from '../credential-server.ts'
import type { Device } from '../device.ts'
import { DeviceFault } from '../device-fault.ts'
import type { Identity } from '../device-folder.ts'
import type { RetryOptions } from '../retry.ts'
import { lockDirectory } from '../sync/lock-directory.ts'
import type { UploadContext } from '../upload-files.ts'
import type { AgentLog } from './agent-log.ts'
import type { AgentStatus } from './agent-status.ts'
import { type ConnectionKeeper, keepConnected } from './keep-connected.ts'
import { keepRenewed } from './keep-renewed.ts'
import { createSendingState } from './sending-state.ts'
import { startAgentCredentials } from './start-agent-credentials.ts'
import { startStatusServer } from './status-server.ts'
import { type WatchedDirectory, type WatchOptions, watchDirectory } from './watched-directory.ts'

/** What an agent does; may be changed while it runs. */
export interface AgentSettings {
  readonly watch: readonly WatchOptions[]
  /** Keeps a connection to MQTT. */
  readonly mqtt: boolean
  /** Serves credentials to other programs of this user on 127.0.0.1. */
  readonly credentials?: { readonly port: number; readonly tokenFile: string } | undefined
}

export interface AgentOptions extends AgentSettings {
  readonly log: AgentLog
  /** How long what is under way may take to end once the agent is told to; 20 s when not given. */
  readonly drainMs?: number
  /** How soon a failure is tried again at first. */
  readonly retryBaseMs?: number
}

/** Runs until it is stopped. */
export interface Agent {
  readonly status: () => AgentStatus
  /** Takes other settings up; directories whose settings are the same go on undisturbed. Throws what starting with them would; the present ones stay then. */
  reconfigure(settings: AgentSettings): Promise<void>
  /** Ends what is under way, within the time for it; resolves with whether it all ended by itself. */
  stop(): Promise<boolean>
  /** Rejects when the agent fails of what it cannot mend; resolves after stop. */
  readonly ended: Promise<void>
}

export interface AgentContext extends Omit<UploadContext, 'onFile' | 'signal' | 'retrying'> {
  readonly device: Device
  readonly identity: () => Identity
  /** The device's folder. */
  readonly dir: string
  readonly machineClock: () => Date
}

const defaults = { drainMs: 20_000, retryBaseMs: 1000 }

/** Starts everything that a device does by itself. Throws AGENT_RUNNING, STATUS_UNAVAILABLE, PORT_UNAVAILABLE, DIRECTORY_UNUSABLE and the folder's faults. */
export async function startAgent(options: AgentOptions, context: AgentContext): Promise<Agent> {
  const { device, runtime } = context
  const { log, drainMs = defaults.drainMs, retryBaseMs = defaults.retryBaseMs } = options
  const dir = realpathSync(context.dir)
  checkDirectories(options.watch, dir)
  const lock = lockAgent(dir)
  const draining = new AbortController()
  const startedAt = runtime.clock().toISOString()
  const sending = createSendingState(runtime, retryBaseMs * 10, log)
  const directories = new Map<string, WatchedDirectory>()
  const failure = Promise.withResolvers<void>()
  let credentials: { readonly key: string | undefined; readonly server: CredentialServer } | undefined
  let connection: (ConnectionKeeper & { readonly leave: () => void }) | undefined
  let stopping: Promise<boolean> | undefined

  const retrying = (): RetryOptions => ({
    baseMs: retryBaseMs,
    timeoutMs: Number.POSITIVE_INFINITY,
    onRetry: sending.retry,
  })
  const watchContext = { ...context, dir, log, sending, retrying }

  async function configure({ watch, mqtt, credentials: wanted }: AgentSettings): Promise<void> {
    const credentialsKey = JSON.stringify(wanted)
    if (credentials !== undefined && credentials.key !== credentialsKey) {
      await credentials.server.close()
      credentials = undefined
    }
    if (wanted !== undefined && credentials === undefined) {
      credentials = { key: credentialsKey, server: await startAgentCredentials(wanted, { device, log, runtime }) }
    }
    if (mqtt) connection ??= startConnection()
    else if (connection !== undefined) {
      connection.leave()
      await connection.ended
      connection = undefined
    }
    const wantedKeys = new Map(watch.map((one) => [JSON.stringify(one), one]))
    const leaving = [...directories].filter(([key]) => !wantedKeys.has(key))
    await Promise.all(leaving.map(([, directory]) => directory.drain(drainMs)))
    for (const [key] of leaving) directories.delete(key)
    for (const [key, one] of wantedKeys) {
      if (!directories.has(key)) directories.set(key, startDirectory(one))
    }
  }

  function startConnection() {
    const leaving = new AbortController()
    const leave = () => leaving.abort()
    draining.signal.addEventListener('abort', leave, { once: true })
    const keeper = keepConnected(device, {
      ...runtime,
      log,
      retrying: { baseMs: retryBaseMs },
      signal: leaving.signal,
      mayConnect: renewal.idle,
    })
    keeper.ended.catch(failure.reject)
    return { ...keeper, leave }
  }

  function startDirectory(one: WatchOptions): WatchedDirectory {
    const directory = watchDirectory(one, watchContext)
    directory.ended.catch(failure.reject)
    return directory
  }

  const renewal = keepRenewed(device, {
    clock: runtime.clock,
    log,
    retrying: { baseMs: retryBaseMs },
    signal: draining.signal,
    onRenewed: () => connection?.reconnect(),
  })
  renewal.ended.catch(failure.reject)

  const status = (): AgentStatus => {
    const trouble = renewal.trouble()
    const sendingTrouble = sending.trouble()
    const { certificate, configuration } = context.identity()
    return {
      version: packageJson.version,
      processId: process.pid,
      startedAt,
      state: stopping === undefined ? 'running' : 'draining',
      thingName: configuration.thingName,
      certificate: {
        notAfter: certificate.validToDate.toISOString(),
        dueAt: renewalDueAt(certificate).toISOString(),
        ...(trouble !== undefined && { trouble }),
      },
      connection: connection?.status() ?? { state: 'off', since: startedAt },
      ...(credentials !== undefined && { credentialsUrl: credentials.server.url }),
      ...(sendingTrouble !== undefined && { sending: sendingTrouble }),
      directories: [...directories.values()].map((directory) => directory.status()),
    }
  }

  async function end(): Promise<boolean> {
    draining.abort()
    // What does not get through anyhow is not waited for.
    const patienceMs = sending.trouble() === undefined ? drainMs : 0
    const drained = [...directories.values()].map((directory) => directory.drain(patienceMs).catch(() => false))
    const isWhole = (await Promise.all(drained)).every(Boolean)
    await Promise.allSettled([renewal.ended, connection?.ended])
    await credentials?.server.close()
    await statusServer.close()
    lock.release()
    failure.resolve()
    return isWhole
  }

  const statusServer = await startStatusServer(dir, status).catch((error: unknown) => {
    draining.abort()
    lock.release()
    throw error
  })
  try {
    await configure(options)
  } catch (error) {
    await end()
    throw error
  }
  return {
    status,
    ended: failure.promise,
    async reconfigure(settings) {
      checkDirectories(settings.watch, dir)
      await configure(settings)
    },
    stop() {
      stopping ??= end()
      return stopping
    },
  }
}

/** Refuses directories that hold the device's own folder, one another, or are that folder. Throws DIRECTORY_UNUSABLE. */
function checkDirectories(watch: readonly WatchOptions[], dir: string): void {
  const roots = watch.map(({ directory }) => realPath(directory))
  for (const [index, root] of roots.entries()) {
    if (isWithin(root, dir)) {
      throw new DeviceFault('DIRECTORY_UNUSABLE', `${root} is the folder of the device, which holds its key`)
    }
    const other = roots.find((one, position) => position !== index && isWithin(root, one))
    if (other !== undefined) {
      throw new DeviceFault('DIRECTORY_UNUSABLE', `${root} lies in ${other}, which is watched too`)
    }
  }
}

function isWithin(path: string, other: string): boolean {
  return `${path}/`.startsWith(other === '/' ? '/' : `${other}/`)
}

/** One that is not there yet may come. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function lockAgent(dir: string): { readonly release: () => void } {
  try {
    return lockDirectory(dir, dir)
  } catch (error) {
    if (!(error instanceof DeviceFault && error.code === 'DIRECTORY_BUSY')) throw error
    throw new DeviceFault('AGENT_RUNNING', `an agent runs on ${dir} already`, { cause: error })
  }
}
