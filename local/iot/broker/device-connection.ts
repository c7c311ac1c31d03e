import { randomUUID, type X509Certificate } from 'node:crypto'
import type { ConnectPacket, PublishPacket } from 'aedes'
import type { DeviceAuthorizer, DevicePermissions } from '../device-permissions.ts'
import {
  MAX_CLIENT_ID_BYTES,
  MAX_KEEP_ALIVE_SECONDS,
  MAX_PAYLOAD_BYTES,
  MIN_KEEP_ALIVE_SECONDS,
} from '../mqtt-limits.ts'
import { isTopicFilter, isTopicName } from '../topic-filter.ts'
import { parseBasicIngest, topicLimitBroken } from '../topic-limits.ts'

export interface DeviceConnectionOptions {
  readonly certificate: X509Certificate
  readonly certificateId: string
  readonly sourceIp: string
  readonly serverName: string
  readonly authorize: DeviceAuthorizer
  /** `arn:aws:iot:REGION:ACCOUNT` */
  readonly arnPrefix: string
}

/** One device's MQTT connection: what it may do. Each question is answered with the reason for a refusal, or undefined. */
export interface DeviceConnection {
  readonly certificateId: string
  readonly sourceIp: string
  /** Bounds the keep alive and names a client that did not name itself, both in the packet. */
  refuseConnect(packet: ConnectPacket): string | undefined
  refusePublish(
    packet: Pick<PublishPacket, 'topic' | 'payload'> & { qos?: number; retain?: boolean },
  ): string | undefined
  refuseSubscribe(filter: string): string | undefined
  mayReceive(topic: string): boolean
}

export function createDeviceConnection(options: DeviceConnectionOptions): DeviceConnection {
  const { certificate, certificateId, sourceIp, serverName, authorize, arnPrefix } = options
  let permissions: DevicePermissions = { isAllowed: () => false }

  const refuseAction = (action: string, resource: string) =>
    permissions.isAllowed(action, `${arnPrefix}:${resource}`) ? undefined : `no policy allows ${action} on ${resource}`

  const connection: DeviceConnection = {
    certificateId,
    sourceIp,
    refuseConnect(packet) {
      // Developer guide, "MQTT 5 properties": a client that does not name itself gets a name that begins with $GEN/.
      if (packet.clientId === '') packet.clientId = `$GEN/${randomUUID()}`
      const wanted = packet.keepalive || MAX_KEEP_ALIVE_SECONDS
      packet.keepalive = Math.min(Math.max(wanted, MIN_KEEP_ALIVE_SECONDS), MAX_KEEP_ALIVE_SECONDS)
      const { clientId, will } = packet
      permissions = authorize({ certificate, sourceIp, serverName, clientId, thingName: clientId })
      if (Buffer.byteLength(clientId) > MAX_CLIENT_ID_BYTES)
        return `the client id is longer than ${MAX_CLIENT_ID_BYTES} bytes`
      return refuseAction('iot:Connect', `client/${clientId}`) ?? (will && connection.refusePublish(will))
    },
    refusePublish({ topic, payload, qos, retain }) {
      if (!isTopicName(topic)) return `${JSON.stringify(topic)} is not a topic`
      if (qos === 2) return 'QoS 2 is not supported'
      if (payload.length > MAX_PAYLOAD_BYTES) return `the payload is larger than ${MAX_PAYLOAD_BYTES} bytes`
      if (topic.startsWith('$') && !parseBasicIngest(topic)) return `devices cannot publish to ${topic}`
      return (
        topicLimitBroken(topic) ??
        refuseAction('iot:Publish', `topic/${topic}`) ??
        (retain ? refuseAction('iot:RetainPublish', `topic/${topic}`) : undefined)
      )
    },
    refuseSubscribe(filter) {
      if (!isTopicFilter(filter)) return `${JSON.stringify(filter)} is not a topic filter`
      if (filter.startsWith('$share/')) return 'the embedded cloud does not implement shared subscriptions'
      if (filter.startsWith('$aws/rules/')) return `devices cannot subscribe to ${filter}`
      return topicLimitBroken(filter) ?? refuseAction('iot:Subscribe', `topicfilter/${filter}`)
    },
    // The broker's own topics ($SYS/) are no part of AWS IoT.
    mayReceive: (topic) => !topic.startsWith('$SYS/') && refuseAction('iot:Receive', `topic/${topic}`) === undefined,
  }
  return connection
}
