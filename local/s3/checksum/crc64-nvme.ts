/** CRC-64/NVME, reflected. NVM Express NVM Command Set Specification, section 5.2.1.3.4. */
const polynomial = 0x9a6c9329ac4bc9b5n
const { high, low } = buildTables()

/** A CRC-64 in progress, as two 32-bit halves: BigInt would be some hundred times slower. */
export interface Crc64 {
  high: number
  low: number
}

export function startCrc64Nvme(): Crc64 {
  return { high: -1, low: -1 }
}

/** Takes eight bytes a step ("slicing by 8"): the table of slice n stands at n * 256. */
export function updateCrc64Nvme(state: Crc64, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let { high: h, low: l } = state
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    l ^= view.getInt32(at, true)
    h ^= view.getInt32(at + 4, true)
    const i7 = 1792 + (l & 255)
    const i6 = 1536 + ((l >>> 8) & 255)
    const i5 = 1280 + ((l >>> 16) & 255)
    const i4 = 1024 + (l >>> 24)
    const i3 = 768 + (h & 255)
    const i2 = 512 + ((h >>> 8) & 255)
    const i1 = 256 + ((h >>> 16) & 255)
    const i0 = h >>> 24
    h =
      word(high, i7) ^
      word(high, i6) ^
      word(high, i5) ^
      word(high, i4) ^
      word(high, i3) ^
      word(high, i2) ^
      word(high, i1) ^
      word(high, i0)
    l =
      word(low, i7) ^
      word(low, i6) ^
      word(low, i5) ^
      word(low, i4) ^
      word(low, i3) ^
      word(low, i2) ^
      word(low, i1) ^
      word(low, i0)
  }
  for (; at < bytes.length; at++) {
    const index = (l ^ view.getUint8(at)) & 255
    l = (l >>> 8) | (h << 24)
    h = (h >>> 8) ^ word(high, index)
    l ^= word(low, index)
  }
  state.high = h
  state.low = l
}

export function finishCrc64Nvme(state: Crc64): Buffer {
  const digest = Buffer.alloc(8)
  digest.writeInt32BE(~state.high, 0)
  digest.writeInt32BE(~state.low, 4)
  return digest
}

/** Indices are in range by construction. */
function word(table: Int32Array, at: number): number {
  return table[at] as number
}

function buildTables(): { high: Int32Array; low: Int32Array } {
  const table: bigint[] = []
  for (let index = 0; index < 2048; index++) {
    let crc = index < 256 ? BigInt(index) : (table[index - 256] as bigint)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n
    table.push(crc)
  }
  return {
    high: Int32Array.from(table, (crc) => Number(BigInt.asIntN(32, crc >> 32n))),
    low: Int32Array.from(table, (crc) => Number(BigInt.asIntN(32, crc))),
  }
}
