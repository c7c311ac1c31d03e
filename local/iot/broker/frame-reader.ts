/** Cuts a byte stream into whole MQTT control packets (MQTT 3.1.1, 2.2). Throws on a length that is malformed or above the limit. */
export function createFrameReader(maxBytes: number): (chunk: Buffer) => Buffer[] {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const frames: Buffer[] = []
    for (;;) {
      const length = frameLength(pending)
      if (length !== undefined && length > maxBytes) throw new Error(`a packet of ${length} bytes is too large`)
      if (length === undefined || length > pending.length) return frames
      frames.push(pending.subarray(0, length))
      pending = pending.subarray(length)
    }
  }
}

/** The length of the packet that begins the buffer, its fixed header included; undefined while the header is not all there. */
function frameLength(buffer: Buffer): number | undefined {
  let remaining = 0
  for (let index = 1; index <= 4; index++) {
    const byte = buffer[index]
    if (byte === undefined) return undefined
    remaining += (byte & 0x7f) * 128 ** (index - 1)
    if (byte < 0x80) return 1 + index + remaining
  }
  throw new Error('the length of a packet is malformed')
}
