import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { createHttpTransport, type HttpTransport, type HttpTransportOptions } from './http-transport.ts'
import { type Journal, type JournalOptions, openJournal } from './journal/journal.ts'
import { type MqttConnection, type MqttOptions, openMqttConnection } from './mqtt-connection.ts'

/** Time, chance, the network and the journal: what a test, or a program that embeds the device, may replace. */
export interface Runtime {
  readonly clock: () => Date
  /** Milliseconds that only grow, whatever happens to the clock: for waits and durations. */
  readonly monotonicMs: () => number
  /** Uniform in [0, 1): for jitter. */
  readonly random: () => number
  /** Unguessable bytes: for object keys. */
  readonly randomBytes: (count: number) => Uint8Array
  readonly wait: (ms: number, signal?: AbortSignal) => Promise<void>
  /** For the API, the credentials provider and S3. */
  readonly openHttp: (options: HttpTransportOptions) => HttpTransport
  readonly openMqtt: (options: MqttOptions) => Promise<MqttConnection>
  /** What was sent and what is under way. */
  readonly openJournal: (options: JournalOptions) => Journal
}

export const systemRuntime: Runtime = {
  clock: () => new Date(),
  monotonicMs: () => performance.now(),
  random: Math.random,
  randomBytes,
  wait: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
  openHttp: createHttpTransport,
  openMqtt: openMqttConnection,
  openJournal,
}
