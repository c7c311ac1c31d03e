import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes'
import { openStore } from '#local/store.ts'
import type { DeviceAuthorizer } from '../device-permissions.ts'
import type { CertificateClassifier } from '../jitr/classify-certificate.ts'
import { listenLocally } from '../listen-locally.ts'
import type { Publication, Publish, Publisher } from '../publication.ts'
import type { Registry } from '../registry/types.ts'
import type { ServerIdentity } from '../server-identity.ts'
import { parseBasicIngest } from '../topic-limits.ts'
import { createAedesPersistence } from './aedes-persistence.ts'
import { createDeviceConnection, type DeviceConnection } from './device-connection.ts'
import { createMqttEndpoint } from './mqtt-endpoint.ts'
import { createPacketGate } from './packet-gate.ts'
import { createRetainedMessages, type RetainedMessages } from './retained-messages.ts'
import { createSessions } from './sessions.ts'

/** Local choice: AWS does not say. */
const DEFAULT_TIMEOUTS = { connectMs: 5000, drainMs: 10_000 }

export interface BrokerOptions {
  /** Holds `broker.db`: retained messages and persistent sessions. */
  readonly folder: string
  readonly registry: Registry
  readonly identity: ServerIdentity
  readonly classify: CertificateClassifier
  readonly authorize: DeviceAuthorizer
  /** Sees each publication before its publisher gets an acknowledgement. */
  readonly onPublish: (publication: Publication, publisher: Publisher) => void
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly log: (line: string) => void
  readonly timeouts?: {
    /** From the handshake to CONNECT. */
    readonly connectMs: number
    /** For a client that takes nothing of what waits for it. */
    readonly drainMs: number
  }
}

/** AWS IoT's message broker: MQTT 3.1.1 over mutual TLS. */
export interface Broker {
  /** Listens on 127.0.0.1 and returns the port; 0 takes a free one. */
  listen(port: number): Promise<number>
  /** Publishes without asking for permission. */
  readonly publish: Publish
  readonly retained: Pick<RetainedMessages, 'get' | 'list'>
  close(): Promise<void>
}

export async function createBroker(options: BrokerOptions): Promise<Broker> {
  const { registry, clock, log, timeouts = DEFAULT_TIMEOUTS } = options
  const store = openStore(join(options.folder, 'broker.db'))
  const retained = createRetainedMessages(store)
  const sessions = createSessions(store, clock)
  const open = new Set<Duplex>()
  // A will is published after the connection has closed, so what it may do outlives it.
  const connections = new WeakMap<Duplex, DeviceConnection>()
  const connectionOf = ({ conn }: Client): DeviceConnection => {
    const connection = connections.get(conn)
    if (!connection) throw new Error('An MQTT client has no connection')
    return connection
  }

  /** All that must be on disk before the publisher is told. aedes acknowledges first and publishes then. */
  const take = (publication: Publication, publisher: Publisher) => {
    if (publication.retain && !parseBasicIngest(publication.topic)) {
      retained.put({ ...publication, modifiedAtMs: clock().getTime() })
    }
    options.onPublish(publication, publisher)
  }

  const aedes = new Aedes({
    connectTimeout: timeouts.connectMs,
    drainTimeout: timeouts.drainMs,
    concurrency: 0,
    persistence: createAedesPersistence({
      retained,
      ...sessions,
      maySubscribe: (client, filter) => connectionOf(client).refuseSubscribe(filter) === undefined,
    }),
    preConnect(client, packet, done) {
      // aedes answers MQTT 5 with CONNACK 1, "unacceptable protocol version".
      if (packet.protocolVersion === 5) return done(null, true)
      const reason =
        packet.protocolVersion === 4 ? connectionOf(client).refuseConnect(packet) : 'only MQTT 3.1.1 is spoken here'
      // An error here closes the connection without CONNACK, as AWS IoT does.
      if (reason !== undefined) return done(new Error(`${packet.clientId}: ${reason}`), false)
      sessions.expire(packet.clientId)
      done(null, true)
    },
    authorizePublish(client, packet, done) {
      if (!client) return done(new Error('no client publishes'))
      const { certificateId, sourceIp, refusePublish } = connectionOf(client)
      const reason = refusePublish(packet)
      if (reason !== undefined) return done(new Error(reason))
      take(toPublication(packet), { clientId: client.id, principal: certificateId, sourceIp })
      done(null)
    },
    authorizeSubscribe(client, subscription, done) {
      const reason = connectionOf(client).refuseSubscribe(subscription.topic)
      if (reason === undefined) return done(null, subscription)
      // AWS IoT drops a client for a subscription that it may not have (aws-iot-device-sdk-js#191). One that a
      // persistent session brings along is left out instead: the client did not ask for it now.
      if (client.connected) return done(new Error(reason))
      done(null, null)
    },
    authorizeForward: (client, packet: AedesPublishPacket) =>
      connectionOf(client).mayReceive(packet.topic) ? packet : null,
  })
  aedes.on('client', ({ id }) => sessions.resume(id))
  aedes.on('clientDisconnect', ({ id, clean }) => {
    if (!clean) sessions.leave(id)
  })
  const logError = (client: Client, error: Error) => log(`MQTT client ${client.id ?? ''}: ${error.message}`)
  aedes.on('clientError', logError)
  aedes.on('connectionError', logError)
  await aedes.listen()

  const publish: Publish = async (publication, publisher = {}) => {
    take(publication, publisher)
    if (parseBasicIngest(publication.topic)) return
    await new Promise<void>((resolve, reject) =>
      aedes.publish({ ...publication, cmd: 'publish', dup: false }, (error) => (error ? reject(error) : resolve())),
    )
  }

  const endpoint = createMqttEndpoint({
    ...options,
    publish: (event) => void publish({ ...event, qos: 1, retain: false }),
    accept(socket, certificate, certificateId) {
      const gate = createPacketGate(socket)
      connections.set(
        gate,
        createDeviceConnection({
          certificate,
          certificateId,
          sourceIp: socket.remoteAddress ?? '',
          serverName: String(socket.servername),
          authorize: options.authorize,
          arnPrefix: `arn:aws:iot:${options.region}:${options.accountId}`,
        }),
      )
      open.add(gate)
      gate.once('close', () => open.delete(gate))
      aedes.handle(gate)
    },
  })

  registry.changes.on('change', ({ kind, id }) => {
    if (kind !== 'certificate' || registry.certificates.get(id)?.status === 'ACTIVE') return
    for (const gate of open) if (connections.get(gate)?.certificateId === id) gate.destroy()
  })

  return {
    listen: (port) => listenLocally(endpoint, port),
    publish,
    retained,
    async close() {
      endpoint.close()
      await new Promise<void>((resolve) => aedes.close(resolve))
      for (const gate of open) gate.destroy()
      sessions.close()
      store.close()
    },
  }
}

function toPublication({ topic, payload, qos, retain }: PublishPacket): Publication {
  return { topic, payload: Buffer.from(payload), qos: qos > 0 ? 1 : 0, retain: retain ?? false }
}
