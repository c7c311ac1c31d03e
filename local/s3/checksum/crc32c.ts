/** Castagnoli polynomial, reflected. RFC 3720, appendix B.4. */
const polynomial = 0x82f63b78
const tables = buildTables()

/** Continues a CRC-32C over more bytes; starts at 0. Takes eight bytes a step ("slicing by 8"). */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as Tables
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let crc = ~previous
  let at = 0
  for (const end = bytes.length - 7; at < end; at += 8) {
    const next = view.getInt32(at + 4, true)
    crc ^= view.getInt32(at, true)
    crc =
      word(t7, crc & 255) ^
      word(t6, (crc >>> 8) & 255) ^
      word(t5, (crc >>> 16) & 255) ^
      word(t4, crc >>> 24) ^
      word(t3, next & 255) ^
      word(t2, (next >>> 8) & 255) ^
      word(t1, (next >>> 16) & 255) ^
      word(t0, next >>> 24)
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ word(t0, (crc ^ view.getUint8(at)) & 255)
  return ~crc >>> 0
}

type Tables = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array]

/** Indices are in range by construction. */
function word(table: Int32Array, at: number): number {
  return table[at] as number
}

function buildTables(): Int32Array[] {
  const first = new Int32Array(256)
  for (let index = 0; index < 256; index++) {
    let crc = index
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
    first[index] = crc
  }
  const all = [first]
  for (let slice = 1; slice < 8; slice++) {
    const previous = all[slice - 1] as Int32Array
    all.push(previous.map((crc) => (crc >>> 8) ^ word(first, crc & 255)))
  }
  return all
}
