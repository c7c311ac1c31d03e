import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Aedes, type AedesPublishPacket, type Client, type PublishPacket } from 'aedes'
import { openStore } from '#local/store.ts'
import type { DeviceAuthorizer } from '../device-permissions.ts'
import type { CertificateClassifier } from '../jitr/classify-certificate.ts'
import { listenLocally } from '../listen-locally.ts'
import { SESSION_EXPIRY_SECONDS } from '../mqtt-limits.ts'
import type { Publication, Publish, Publisher } from '../publication.ts'
import type { Registry } from '../registry/types.ts'
import type { ServerIdentity } from '../server-identity.ts'
import { parseBasicIngest } from '../topic-limits.ts'
import { createAedesPersistence } from './aedes-persistence.ts'
import { createDeviceConnection, type DeviceConnection } from './device-connection.ts'
import { createMqttEndpoint } from './mqtt-endpoint.ts'
import { createPacketGate } from './packet-gate.ts'
import { createRetainedMessages, type RetainedMessages } from './retained-messages.ts'
import { createSessionExpiry } from './session-expiry.ts'
import { createSessionQueue } from './session-queue.ts'
import { createSessionSubscriptions } from './session-subscriptions.ts'

const EXPIRY_CHECK_MS = 60_000
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
  const subscriptions = createSessionSubscriptions(store)
  const queue = createSessionQueue(store)
  const expiry = createSessionExpiry(store, {
    clock,
    expirySeconds: SESSION_EXPIRY_SECONDS,
    known: subscriptions.clients(),
  })
  const open = new Set<Duplex>()
  // A will is published after the connection has closed, so what it may do outlives it.
  const connections = new WeakMap<Duplex, DeviceConnection>()
  const connectionOf = (client: Client) => connections.get(client.conn)

  const endExpiredSessions = () => {
    for (const clientId of expiry.takeExpired()) {
      subscriptions.removeAll(clientId)
      queue.removeAll(clientId)
    }
  }
  const expiryTimer = setInterval(endExpiredSessions, EXPIRY_CHECK_MS).unref()

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
      subscriptions,
      queue,
      maySubscribe: (client, filter) => connectionOf(client)?.refuseSubscribe(filter) === undefined,
    }),
    preConnect(client, packet, done) {
      endExpiredSessions()
      // aedes answers MQTT 5 with CONNACK 1, "unacceptable protocol version".
      if (packet.protocolVersion === 5) return done(null, true)
      const reason = packet.protocolVersion === 4 ? refuseConnect(client, packet) : 'only MQTT 3.1.1 is spoken here'
      // An error here closes the connection without CONNACK, as AWS IoT does.
      done(reason === undefined ? null : new Error(`client ${packet.clientId}: ${reason}`), reason === undefined)
    },
    authorizePublish(client, packet, done) {
      const connection = client && connectionOf(client)
      const reason = connection ? connection.refusePublish(packet) : 'the connection is gone'
      if (reason !== undefined) return done(new Error(reason))
      take(toPublication(packet), {
        clientId: client?.id,
        principal: connection?.certificateId,
        sourceIp: connection?.sourceIp,
      })
      done(null)
    },
    authorizeSubscribe(client, subscription, done) {
      const reason = connectionOf(client)?.refuseSubscribe(subscription.topic)
      if (reason === undefined) return done(null, subscription)
      // AWS IoT drops a client for a subscription that it may not have (aws-iot-device-sdk-js#191). One that a
      // persistent session brings along is left out instead: the client did not ask for it now.
      if (client.connected) return done(new Error(reason))
      done(null, null)
    },
    authorizeForward: (client, packet: AedesPublishPacket) =>
      connectionOf(client)?.mayReceive(packet.topic) ? packet : null,
  })
  aedes.on('client', ({ id }) => expiry.stop(id))
  aedes.on('clientDisconnect', ({ id, clean }) => {
    if (!clean) expiry.start(id)
  })
  const logError = (client: Client, error: Error) => log(`MQTT client ${client.id ?? ''}: ${error.message}`)
  aedes.on('clientError', logError)
  aedes.on('connectionError', logError)
  await aedes.listen()

  const refuseConnect = (client: Client, packet: Parameters<DeviceConnection['refuseConnect']>[0]) =>
    connectionOf(client)?.refuseConnect(packet) ?? (connectionOf(client) ? undefined : 'the connection is gone')

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
      clearInterval(expiryTimer)
      endpoint.close()
      await new Promise<void>((resolve) => aedes.close(resolve))
      store.close()
    },
  }
}

function toPublication({ topic, payload, qos, retain }: PublishPacket): Publication {
  return { topic, payload: Buffer.from(payload), qos: qos > 0 ? 1 : 0, retain: retain ?? false }
}
