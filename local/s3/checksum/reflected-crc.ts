import { assembleCrc, tableSlices } from './assemble-crc.ts'

/** Takes bytes into the register of a CRC and returns it. */
export type UpdateCrc = (register: bigint, bytes: Uint8Array) => bigint

const tableBytes = tableSlices * 256 * 8
const dataBytes = 64 * 1024

/** A CRC of 64 bits or fewer that takes the lowest bit of each byte first. */
export function createReflectedCrc(polynomial: bigint): UpdateCrc {
  const memory = new WebAssembly.Memory({ initial: 2 })
  new BigUint64Array(memory.buffer).set(buildTables(polynomial))
  const data = new Uint8Array(memory.buffer, tableBytes, dataBytes)
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assembleCrc()), { env: { memory } })
  const update = exports.update as (at: number, until: number, register: bigint) => bigint

  return (register, bytes) => {
    let next = register
    for (let at = 0; at < bytes.length; at += dataBytes) {
      const piece = bytes.subarray(at, at + dataBytes)
      data.set(piece)
      next = update(tableBytes, tableBytes + piece.length, next)
    }
    return BigInt.asUintN(64, next)
  }
}

/** Slice n has for each byte the CRC of the byte and n zero bytes. */
function buildTables(polynomial: bigint): BigUint64Array {
  const first = Array.from({ length: 256 }, (_, byte) => divide(BigInt(byte), polynomial))
  const tables = [...first]
  for (let index = 256; index < tableSlices * 256; index++) {
    const shorter = tables[index - 256] ?? 0n
    tables.push((shorter >> 8n) ^ (first[Number(shorter & 255n)] ?? 0n))
  }
  return BigUint64Array.from(tables)
}

function divide(byte: bigint, polynomial: bigint): bigint {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ polynomial : crc >> 1n
  return crc
}
