import type { X509Certificate } from 'node:crypto'
import { DeviceFault } from './device-fault.ts'
import type { Identity } from './device-folder.ts'
import { type MqttConnection, openMqttConnection } from './mqtt-connection.ts'
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
    () => openMqttConnection({ ...options, keepAliveSeconds, timeoutMs, signal: retrying.signal }),
    runtime,
    retrying,
  )
}

/** The service only hangs up on a certificate outside its time; here the two dates can be told. */
function checkValidity({ validFromDate, validToDate }: X509Certificate, now: Date): void {
  if (now < validFromDate) {
    throw new DeviceFault(
      'CERTIFICATE_NOT_YET_VALID',
      `the certificate is valid from ${validFromDate.toISOString()}, and this machine's clock says ${now.toISOString()}`,
    )
  }
  if (now > validToDate) {
    throw new DeviceFault('CERTIFICATE_EXPIRED', `the certificate was valid until ${validToDate.toISOString()}`)
  }
}
