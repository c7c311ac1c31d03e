import { once } from 'node:events'
import { mqtt } from 'aws-iot-device-sdk-v2'
import type { Cloud } from '#local/cloud.ts'
import { type Identity, openConnection } from './foreign-device.ts'

/** What a client tries to do. */
export type Attempt =
  | { readonly connectAs: string }
  | { readonly will: string }
  | { readonly publish: string; readonly retain?: true }
  | { readonly subscribe: string }
  /** The topic's message comes before that of `end`, which may come, while the client is subscribed to the filter. */
  | { readonly receive: string; readonly through: string; readonly end: string }

export interface AttemptOptions {
  readonly cloud: Cloud
  readonly identity: Identity
  readonly clientId: string
  /** Publishes what is to be received. */
  readonly speaker: mqtt.MqttClientConnection
}

export interface Outcome {
  /** Refused, a client is closed without CONNACK, or dropped. */
  readonly allowed: boolean
  /** Settles when the connection has ended: one that was dropped waits for a second to connect again. */
  readonly ended: Promise<void>
}

export async function attemptMqtt(attempt: Attempt, options: AttemptOptions): Promise<Outcome> {
  const connection = openConnection(options.cloud, options.identity, {
    clientId: 'connectAs' in attempt ? attempt.connectAs : options.clientId,
    ...('will' in attempt && { will: new mqtt.MqttWill(attempt.will, mqtt.QoS.AtMostOnce, 'x', false) }),
  })
  try {
    await connection.connect()
  } catch {
    return { allowed: false, ended: Promise.resolve() }
  }
  const dropped = once(connection, 'interrupt').then(() => false)
  const done = perform(attempt, connection, options.speaker)
  // A drop leaves it pending, and the end of the connection then rejects it.
  done.catch(() => {})
  const allowed = await Promise.race([done, dropped])
  return { allowed, ended: connection.disconnect() }
}

async function perform(
  attempt: Attempt,
  connection: mqtt.MqttClientConnection,
  speaker: mqtt.MqttClientConnection,
): Promise<boolean> {
  if ('publish' in attempt) await connection.publish(attempt.publish, 'x', mqtt.QoS.AtLeastOnce, attempt.retain)
  if ('subscribe' in attempt) await connection.subscribe(attempt.subscribe, mqtt.QoS.AtLeastOnce)
  if (!('receive' in attempt)) return true
  const first = once(connection, 'message')
  await connection.subscribe(attempt.through, mqtt.QoS.AtLeastOnce)
  for (const topic of [attempt.receive, attempt.end]) await speaker.publish(topic, 'x', mqtt.QoS.AtLeastOnce)
  const [topic] = await first
  return topic === attempt.receive
}
