import { Fault } from '#contract/fault.ts'
import type { Device } from '../device.ts'
import { DeviceFault } from '../device-fault.ts'
import type { MqttConnection } from '../mqtt-connection.ts'
import { backoffMs, type RetryOptions } from '../retry.ts'
import type { AgentLog } from './agent-log.ts'
import type { ConnectionStatus, Trouble } from './agent-status.ts'
import { createAlarm } from './alarm.ts'

export interface ConnectionKeeper {
  readonly status: () => ConnectionStatus
  /** Connects anew, with the certificate that is there now. */
  reconnect(): void
  readonly ended: Promise<void>
}

/** A quarantined device goes on asking, but seldom. */
const capMs = 5 * 60_000

/** Keeps a connection to MQTT until the signal, whatever becomes of the link. */
export function keepConnected(
  device: Device,
  {
    clock,
    random,
    log,
    retrying,
    signal,
    mayConnect,
  }: {
    readonly clock: () => Date
    readonly random: () => number
    readonly log: AgentLog
    readonly retrying: Pick<RetryOptions, 'baseMs'>
    readonly signal: AbortSignal
    /** Waited for before each connection. */
    readonly mayConnect: () => Promise<unknown>
  },
): ConnectionKeeper {
  const alarm = createAlarm()
  let present: MqttConnection | undefined
  let state: ConnectionStatus = { state: 'connecting', since: clock().toISOString() }
  let failures = 0

  function note(error: unknown): void {
    if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
    const { code, message, hint } = error
    const isNews = state.trouble?.code !== code
    const since = clock().toISOString()
    const trouble: Trouble = {
      code,
      message,
      ...(hint !== undefined && { hint }),
      since: isNews ? since : (state.trouble?.since ?? since),
    }
    const isWaiting = state.state === 'connecting'
    state = { state: 'connecting', since: isWaiting ? state.since : since, trouble }
    log(isNews ? 'warn' : 'debug', `not connected: ${code} ${message}`, { code, hint })
  }

  async function connect(): Promise<MqttConnection> {
    const connection = await device.connect({
      baseMs: retrying.baseMs,
      capMs,
      timeoutMs: Number.POSITIVE_INFINITY,
      signal,
      onRetry: note,
    })
    const { thingName, mqttEndpoint } = device.configuration()
    log('info', `connected to ${mqttEndpoint} as ${thingName}`, { mqttEndpoint, thingName })
    state = { state: 'connected', since: clock().toISOString() }
    failures = 0
    return connection
  }

  async function keep(): Promise<void> {
    while (!signal.aborted) {
      try {
        await mayConnect()
        present = await connect()
        if (signal.aborted) await present.disconnect()
        const lost = await present.closed
        if (signal.aborted) return
        if (lost !== undefined) note(lost)
        // Not at once: a fleet would come back in one moment, and a renewal may be trying its certificate out.
        await alarm.wait(random() * retrying.baseMs)
      } catch (error) {
        if (signal.aborted) return
        note(error)
        failures++
        await alarm.wait(backoffMs(failures, retrying.baseMs * 30, random, capMs))
      } finally {
        present = undefined
      }
    }
  }

  signal.addEventListener(
    'abort',
    () => {
      void present?.disconnect()
      alarm.ring()
    },
    { once: true },
  )
  return {
    ended: keep(),
    status: () => state,
    reconnect() {
      void present?.disconnect()
      alarm.ring()
    },
  }
}
