/** What the device speaks of MQTT 3.1.1 (OASIS standard, section 3). */
export const packetTypes = { connect: 1, connack: 2, pingreq: 12, disconnect: 14 } as const

/** A control packet as it came: its type, and what follows the fixed header. */
export interface MqttPacket {
  readonly type: number
  readonly body: Buffer
}

/** AWS IoT sends no packet beyond 146 KiB (AWS IoT Core quotas). */
const maxBodyBytes = 256 * 1024
/** Section 2.2.2: the flags of PUBLISH say something, PUBREL's, SUBSCRIBE's and UNSUBSCRIBE's are 2, all others' 0. */
const flagsOf: Readonly<Record<number, number>> = { 6: 2, 8: 2, 10: 2 }
const publish = 3

/** CONNECT of a clean session without a last will, a user name or a password. */
export function encodeConnect(clientId: string, keepAliveSeconds: number): Buffer {
  const cleanSession = 2
  const id = Buffer.from(clientId)
  const numbers = Buffer.alloc(6)
  numbers.writeUInt8(4, 0)
  numbers.writeUInt8(cleanSession, 1)
  numbers.writeUInt16BE(keepAliveSeconds, 2)
  numbers.writeUInt16BE(id.length, 4)
  return encodePacket(packetTypes.connect, Buffer.from('\0\x04MQTT'), numbers, id)
}

export function encodePacket(type: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length: number[] = []
  // Seven bits a byte, the lowest first (section 2.2.3).
  for (let rest = body.length; length.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    length.push(rest >= 128 ? (rest % 128) | 128 : rest)
  }
  return Buffer.concat([Buffer.from([type << 4, ...length]), body])
}

/** Reads packets from chunks that end anywhere. The reader throws when what comes is no MQTT. */
export function createPacketReader(onPacket: (packet: MqttPacket) => void): (chunk: Uint8Array) => void {
  let pending = Buffer.alloc(0)
  return (chunk) => {
    pending = Buffer.concat([pending, chunk])
    for (let head = readHead(pending); head !== undefined; head = readHead(pending)) {
      const { type, start, end } = head
      if (pending.length < end) return
      const body = pending.subarray(start, end)
      pending = pending.subarray(end)
      onPacket({ type, body })
    }
  }
}

/** The fixed header (section 2.2), or undefined when it is not here whole. */
function readHead(bytes: Buffer): { readonly type: number; readonly start: number; readonly end: number } | undefined {
  const first = bytes[0]
  if (first === undefined) return undefined
  const type = first >> 4
  if (type === 0 || type === 15 || (type !== publish && (first & 15) !== (flagsOf[type] ?? 0))) {
    throw new Error(`a packet begins with 0x${first.toString(16)}`)
  }
  let length = 0
  for (let index = 1; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0
    length += (byte & 127) * 128 ** (index - 1)
    if (length > maxBodyBytes || (byte >= 128 && index === 4)) throw new Error('a packet does not end')
    if (byte < 128) return { type, start: index + 1, end: index + 1 + length }
  }
  return undefined
}
