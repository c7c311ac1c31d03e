import { Fault } from '#contract/fault.ts'
import { DeviceFault } from '../device-fault.ts'
import type { MqttConnection } from '../mqtt-connection.ts'
import type { CommandContext } from './command.ts'
import { retryingOf } from './retrying.ts'

/** The clock may be set meanwhile, and timers take no more than 24 days. */
const longestWaitMs = 3_600_000

/** Makes the connection again whenever it is lost or the certificate was renewed, until the process is told to end. */
export async function stayConnected(
  first: MqttConnection,
  reconnect: () => Promise<MqttConnection>,
  context: CommandContext,
): Promise<void> {
  const { signal } = context
  const renewWhenDue = createRenewer(context)
  for (let connection = first; ; connection = await reconnect()) {
    const leave = () => void connection.disconnect()
    signal.addEventListener('abort', leave)
    if (signal.aborted) leave()
    const isLost = await hold(connection, renewWhenDue, context).finally(() =>
      signal.removeEventListener('abort', leave),
    )
    if (!isLost || signal.aborted) return
  }
}

/** Resolves when the connection has ended, with whether another is wanted. */
async function hold(
  connection: MqttConnection,
  renewWhenDue: () => Promise<number | 'renewed'>,
  { log }: CommandContext,
): Promise<boolean> {
  for (;;) {
    const wait = await renewWhenDue()
    if (wait === 'renewed') {
      await connection.disconnect()
      return true
    }
    const ended = await endOf(connection, wait)
    if (ended === 'time is up') continue
    if (ended !== undefined) log(`${ended.code} ${ended.message}, connecting again`)
    return ended !== undefined
  }
}

async function endOf(connection: MqttConnection, timeoutMs: number): Promise<DeviceFault | undefined | 'time is up'> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<'time is up'>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, 'time is up')
  })
  return await Promise.race([connection.closed, timeout]).finally(() => clearTimeout(timer))
}

/**
 * Renews when it is due, and resolves with how many milliseconds to wait until the next look. A failure is told, and
 * waited after also when the connection is made again: trying the new certificate out may have ended it.
 */
function createRenewer(context: CommandContext): () => Promise<number | 'renewed'> {
  const { device, log, signal } = context
  let restingUntilMs = 0
  return async () => {
    const restMs = restingUntilMs - performance.now()
    if (signal.aborted) return longestWaitMs
    if (restMs > 0) return restMs
    try {
      const { outcome, notAfter, dueAt } = await device.renew({}, retryingOf(context))
      if (outcome === 'notDue') return Math.min(longestWaitMs, Math.max(0, dueAt.getTime() - Date.now()))
      log(`renewed, valid until ${notAfter.toISOString()}, connecting again`)
      return 'renewed'
    } catch (error) {
      if (signal.aborted) return longestWaitMs
      if (!(error instanceof DeviceFault || error instanceof Fault)) throw error
      log(`not renewed: ${error.code} ${error.message}`)
      if (error.hint !== undefined) log(`  ${error.hint}`)
      restingUntilMs = performance.now() + longestWaitMs
      return longestWaitMs
    }
  }
}
