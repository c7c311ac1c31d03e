import { checkValidity } from './certificate-validity.ts'
import type { Identity } from './device-folder.ts'
import type { MqttConnection } from './mqtt-connection.ts'
import { type RetryOptions, retry } from './retry.ts'
import type { Runtime } from './runtime.ts'

/** Seldom enough to let a radio sleep, often enough for the NATs that forget a connection after five minutes. */
const keepAliveSeconds = 240
const timeoutMs = 20_000

/**
 * Connects as the thing, again and again while the service registers the certificate (REGISTRATION_PENDING) or the link is
 * bad, until the time of `retrying` is up. Throws the last DeviceFault.
 */
export async function connect(identity: Identity, runtime: Runtime, retrying: RetryOptions): Promise<MqttConnection> {
  const { configuration, certificate, tls } = identity
  checkValidity(certificate, runtime.clock())
  const options = { endpoint: configuration.mqttEndpoint, clientId: configuration.thingName, tls }
  return await retry(
    () => runtime.openMqtt({ ...options, keepAliveSeconds, timeoutMs, signal: retrying.signal }),
    runtime,
    retrying,
  )
}
