import type { X509Certificate } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Agent, AgentOptions } from './agent/agent.ts'
import type { AgentStatus } from './agent/agent-status.ts'
import { renewalDueAt } from './certificate-validity.ts'
import { connect } from './connect.ts'
import { type CorrectedRuntime, correctRuntime } from './corrected-runtime.ts'
import type { Credentials } from './credentials.ts'
import type { SavedConfiguration } from './device-configuration.ts'
import { deviceFiles, readIdentity } from './device-folder.ts'
import type { Diagnosis } from './diagnose.ts'
import type { EnrollOptions } from './enroll.ts'
import type { BandwidthLimit } from './limit-bandwidth.ts'
import type { MqttConnection } from './mqtt-connection.ts'
import { checkObjectOptions, type ObjectOptions } from './objects/object-options.ts'
import { openSession, type Session } from './open-session.ts'
import { type RetryOptions, retry } from './retry.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import type { SyncOptions, SyncSummary } from './sync/sync-directory.ts'
import { type FailedFile, type UploadContext, type UploadedFile, uploadFiles } from './upload-files.ts'

export interface DeviceOptions {
  /** The folder of its key, certificate and configuration. */
  readonly dir: string
  /** How many files may be sent at once, each over a connection of its own: 8 when not given. */
  readonly concurrency?: number
  /** How files go: `s3` straight, `url` by URLs of the API, for things whose role may not write to S3. s3 when not given. */
  readonly via?: 's3' | 'url'
  /** How fast files may go, all together; asked for again and again. No limit when not given. */
  readonly bandwidth?: BandwidthLimit
  /** What files become at S3. */
  readonly objects?: ObjectOptions
  /** Time and chance, for tests and for programs that embed the device. */
  readonly runtime?: Runtime
}

/** What renew did. */
export interface Renewal {
  /** notDue: nothing · renewed: `notAfter` and `dueAt` are the new certificate's. */
  readonly outcome: 'notDue' | 'renewed'
  readonly notAfter: Date
  /** When the certificate is to be renewed. */
  readonly dueAt: Date
}

/**
 * One device. Its folder is read at the first use, and again when its certificate was replaced; connections are kept until close.
 * A renewal that was cut short once its certificate was in place is ended by whatever method comes first.
 * Every method throws DeviceFault or the contract's Fault.
 */
export interface Device {
  /** What enrollment left. Throws NOT_ENROLLED and the other faults of the folder. */
  configuration(): SavedConfiguration
  /** Trades a claim for a certificate and saves it, in place of what is there. Tries for 5 minutes when not told otherwise. */
  enroll(options: Omit<EnrollOptions, 'dir'>, retrying?: Partial<RetryOptions>): Promise<SavedConfiguration>
  /**
   * Renews the certificate when two thirds of its life and a little more are over, or at once with `force`, and goes on with a
   * renewal that was cut short. The present certificate stays in use until the new one has worked; a connection to MQTT
   * ends when the new one is tried out. Every step tries for 5 minutes when not told otherwise.
   */
  renew(options?: { readonly force?: boolean }, retrying?: Partial<RetryOptions>): Promise<Renewal>
  /** Connects to MQTT, waiting for the registration after a first connection. Tries for 5 minutes when not told otherwise. */
  connect(retrying?: Partial<RetryOptions>): Promise<MqttConnection>
  /** Role-alias credentials that are good for some minutes at least; one set is kept. Tries for 2 minutes when not told otherwise. */
  credentials(retrying?: Partial<RetryOptions>): Promise<Credentials>
  /**
   * Sends one regular file of up to 5 TiB to S3, once: a file that was sent and is still the same is not sent again, and one that
   * was under way when the process ended goes on. Each request is tried for 5 minutes when not told otherwise.
   */
  upload(path: string, retrying?: Partial<RetryOptions>): Promise<UploadedFile>
  /** As upload, many at once; resolves when `onFile` was told of each. `retryingOf` says how to try again, file by file. */
  uploadAll(
    paths: Iterable<string>,
    onFile: (file: UploadedFile | FailedFile) => void,
    retryingOf?: (path: string) => Partial<RetryOptions>,
    signal?: AbortSignal,
  ): Promise<void>
  /**
   * Sends the regular files below a directory that were not sent yet. Files fail one by one; what would fail for every other too,
   * as S3 being out of reach for longer than the retries last, is thrown. Throws DIRECTORY_BUSY while another sync of the directory runs.
   */
  sync(directory: string, options?: SyncOptions, retrying?: Partial<RetryOptions>): Promise<SyncSummary>
  /**
   * Does all of it until it is stopped: sends what appears in directories, renews the certificate, stays connected to MQTT, serves
   * credentials, and tells how it does on a socket in the folder. Throws AGENT_RUNNING and what starting fails of.
   */
  startAgent(options: AgentOptions): Promise<Agent>
  /** How the agent does that runs on the folder, in any process. Throws AGENT_NOT_RUNNING, STATUS_UNAVAILABLE. */
  agentStatus(): Promise<AgentStatus>
  /**
   * Finds out what keeps the device from working: checks its folder, its connections and its credentials, each once. Each step
   * may take `timeoutMs`, 10 s when not given. Throws nothing that is wrong with the device.
   */
  diagnose(options?: { readonly timeoutMs?: number }): Promise<Diagnosis>
  close(): void
}

const slow: RetryOptions = { baseMs: 2000, timeoutMs: 300_000 }
const forCredentials: RetryOptions = { baseMs: 1000, timeoutMs: 120_000 }
const forUploads: RetryOptions = { baseMs: 500, timeoutMs: 300_000 }

/**
 * A device that lives in `dir`, whether it is enrolled yet or not.
 * @example
 * const device = createDevice({ dir: '/var/lib/thingdrop-device' })
 * await device.enroll({ claimUrl })
 * await (await device.connect()).disconnect()
 * const { key } = await device.upload('readings.csv')
 * device.close()
 */
export function createDevice({
  dir,
  concurrency = 8,
  via = 's3',
  bandwidth,
  objects = {},
  runtime: given = systemRuntime,
}: DeviceOptions): Device {
  const runtime = correctRuntime(given)
  let session: Session | undefined
  let settling: Promise<void> | undefined
  let renewing: Promise<Renewal> | undefined

  /** What is under way when the certificate is replaced ends over the old session's connections. */
  function open(): Session {
    const stamp = stampOf(dir)
    if (session === undefined || (stamp !== undefined && stamp !== session.stamp)) {
      session = openSession({ dir, identity: readIdentity(dir), stamp, concurrency, bandwidth, runtime })
    }
    return session
  }

  function close(): void {
    session?.close()
    session = undefined
    settling = undefined
  }

  /** Once: what this fails of, the method that follows fails of too, or does not mind. */
  async function settle(retrying: RetryOptions): Promise<Session> {
    const { certificate } = open().identity
    settling ??= endRenewal(dir, certificate, runtime, retrying).catch(() => {})
    await settling
    retrying.signal?.throwIfAborted()
    return open()
  }

  async function prepareUploads(
    signal: AbortSignal | undefined,
    retryingOf: (path: string) => Partial<RetryOptions>,
  ): Promise<Omit<UploadContext, 'onFile'>> {
    checkObjectOptions(objects)
    const { journal } = await settle({ ...forUploads, signal })
    return {
      uploader: () => open().uploader,
      objects,
      compressedDir: join(dir, 'compressed'),
      uploadApi: via === 'url' ? () => open().uploadApi : undefined,
      runtime,
      journal: journal(),
      concurrency,
      signal,
      retrying: (path) => ({ ...forUploads, signal, ...retryingOf(path) }),
      onBytes: () => {},
    }
  }

  async function renewWhenDue(force: boolean, retrying: RetryOptions): Promise<Renewal> {
    const { certificate } = readIdentity(dir)
    if (!force && !isRenewing(dir)) {
      await open().checkValidity()
      if (runtime.clock() < renewalDueAt(certificate)) return renewalOf('notDue', certificate)
    }
    const { renew } = await import('./renew.ts')
    await renew(dir, runtime, retrying)
    return renewalOf('renewed', readIdentity(dir).certificate)
  }

  const device: Device = {
    configuration: () => open().identity.configuration,
    async enroll(options, retrying) {
      const { enroll } = await import('./enroll.ts')
      const configuration = await enroll({ ...options, dir }, runtime, { ...slow, ...retrying })
      close()
      return configuration
    },
    async renew({ force = false } = {}, retrying = {}) {
      renewing ??= renewWhenDue(force, { ...slow, ...retrying }).finally(() => {
        renewing = undefined
      })
      return await renewing
    },
    async connect(retrying) {
      const options = { ...slow, ...retrying }
      const { identity, checkValidity } = await settle(options)
      await checkValidity()
      return connect(identity, runtime, options)
    },
    async credentials(retrying) {
      const options = { ...forCredentials, ...retrying }
      await settle(options)
      return retry(() => open().credentials.get(), runtime, options)
    },
    async upload(path, retrying = {}) {
      const outcomes: (UploadedFile | FailedFile)[] = []
      const context = await prepareUploads(retrying.signal, () => retrying)
      await uploadFiles([{ path }], { ...context, onFile: (file) => outcomes.push(file) })
      const [outcome] = outcomes
      if (outcome === undefined || outcome.outcome === 'failed') throw outcome?.error
      return outcome
    },
    async uploadAll(paths, onFile, retryingOf = () => ({}), signal = undefined) {
      function* candidates() {
        for (const path of paths) yield { path }
      }
      await uploadFiles(candidates(), { ...(await prepareUploads(signal, retryingOf)), onFile })
    },
    async sync(directory, options = {}, retrying = {}) {
      const { syncDirectory } = await import('./sync/sync-directory.ts')
      const context = await prepareUploads(retrying.signal, () => retrying)
      return await syncDirectory(directory, options, { ...context, dir, machineClock: given.clock })
    },
    async startAgent(options) {
      const { startAgent } = await import('./agent/agent.ts')
      const context = await prepareUploads(undefined, () => ({}))
      return await startAgent(options, {
        ...context,
        device,
        identity: () => open().identity,
        dir,
        machineClock: given.clock,
      })
    },
    async agentStatus() {
      return await (await import('./agent/status-server.ts')).readAgentStatus(dir)
    },
    async diagnose({ timeoutMs = 10_000 } = {}) {
      return await (await import('./diagnose.ts')).diagnose(dir, given, timeoutMs)
    },
    close,
  }
  return device
}

/** Replacing a file durably makes another file of it. */
function stampOf(dir: string): string | undefined {
  const file = statSync(deviceFiles(dir).certificate, { throwIfNoEntry: false })
  return file && `${file.ino} ${file.mtimeMs}`
}

function isRenewing(dir: string): boolean {
  const { renewal, previous } = deviceFiles(dir)
  return existsSync(renewal.key) || existsSync(previous.certificate)
}

function renewalOf(outcome: Renewal['outcome'], certificate: X509Certificate): Renewal {
  return { outcome, notAfter: certificate.validToDate, dueAt: renewalDueAt(certificate) }
}

/**
 * Ends a renewal whose certificate is in place, in one attempt, as the device works without. With a certificate that has
 * expired, a renewal that has its certificate is the only way on, and has all the time.
 */
async function endRenewal(
  dir: string,
  certificate: X509Certificate,
  runtime: CorrectedRuntime,
  retrying: RetryOptions,
): Promise<void> {
  const { renewal, previous } = deviceFiles(dir)
  if (runtime.clock() > certificate.validToDate && existsSync(renewal.certificate)) {
    await (await import('./renew.ts')).renew(dir, runtime, retrying)
  } else if (existsSync(previous.certificate)) {
    await (await import('./settle-renewal.ts')).settleRenewal(dir, runtime, { ...retrying, timeoutMs: 0 })
  }
}
