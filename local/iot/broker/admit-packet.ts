import { MAX_SUBSCRIPTIONS_PER_REQUEST } from '../mqtt-limits.ts'

const PUBLISH = 3
const PUBREC = 5
const PUBCOMP = 7
const SUBSCRIBE = 8

/**
 * Lets a client's packet through to the broker, or throws what makes AWS IoT drop the client.
 * AWS has no QoS 2: publishing with it disconnects, and a subscription is granted as QoS 1 (written into the packet).
 */
export function admitPacket(packet: Buffer): void {
  const type = packet.readUInt8(0) >> 4
  if (type === PUBLISH && packet.readUInt8(0) & 0b0100) throw new Error('QoS 2 is not supported')
  if (type >= PUBREC && type <= PUBCOMP) throw new Error('QoS 2 is not supported')
  if (type === SUBSCRIBE) admitSubscriptions(packet)
}

/** MQTT 3.1.1, 3.8.3: after the packet identifier, topic filters with their QoS. */
function admitSubscriptions(packet: Buffer): void {
  let offset = 1
  while (packet.readUInt8(offset++) >= 0x80);
  offset += 2
  let count = 0
  while (offset < packet.length) {
    const qosOffset = offset + 2 + packet.readUInt16BE(offset)
    if (packet.readUInt8(qosOffset) === 2) packet.writeUInt8(1, qosOffset)
    offset = qosOffset + 1
    count++
  }
  if (count > MAX_SUBSCRIPTIONS_PER_REQUEST) throw new Error(`${count} subscriptions in one request`)
}
