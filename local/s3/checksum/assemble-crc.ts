/** The tables stand at the begin of the module's memory, each of 256 i64. */
export const tableSlices = 16

// Types, and instructions of the WebAssembly binary format (https://webassembly.github.io/spec/core/binary/instructions.html).
const i32 = 0x7f
const i64 = 0x7e
const end = [0x0b]
const local = (index: number) => ({ get: [0x20, index], set: [0x21, index] })
const i32Const = (value: number) => [0x41, ...signedLeb(value)]
const i64Const = (value: number) => [0x42, ...signedLeb(value)]
const i64Load = (offset: number) => [0x29, 0, ...unsignedLeb(offset)]
const i64Load8 = (offset: number) => [0x31, 0, ...unsignedLeb(offset)]
const i32GreaterUnsigned = [0x4b]
const i32Add = [0x6a]
const i32And = [0x71]
const i64Xor = [0x85]
const i64ShiftLeft = [0x86]
const i64ShiftRight = [0x88]
const i32Wrap = [0xa7]

const bytes = [0, 1, 2, 3, 4, 5, 6, 7]
const at = local(0)
const until = local(1)
const crc = local(2)
const low = local(3)
const high = local(4)

/**
 * A WebAssembly module with `update(at: i32, until: i32, crc: i64) -> i64`, which takes the memory from `at` to `until`
 * into a reflected CRC of at most 64 bits, 16 bytes a step ("slicing by 16"). JavaScript, with two words for 64 bits,
 * takes more than twice as long, and the CRC was what large uploads waited for.
 */
export function assembleCrc(): Uint8Array {
  const code = [
    ...inStepsOf(16, [
      ...[...crc.get, ...at.get, ...i64Load(0), ...i64Xor, ...low.set],
      ...[...at.get, ...i64Load(8), ...high.set],
      // The word that needs the CRC of the step before comes last.
      ...xorAll([
        ...bytes.map((byte) => lookUp(high, byte, 7 - byte)),
        ...bytes.map((byte) => lookUp(low, byte, 15 - byte)),
      ]),
      ...crc.set,
    ]),
    ...inStepsOf(1, [
      ...[...crc.get, ...at.get, ...i64Load8(0), ...i64Xor, ...low.set],
      ...xorAll([lookUp(low, 0, 0), [...crc.get, ...i64Const(8), ...i64ShiftRight]]),
      ...crc.set,
    ]),
    ...crc.get,
    ...end,
  ]
  const functionBody = [...vector([[2, i64]]), ...code]
  return Uint8Array.from([
    ...[0, ...text('asm'), 1, 0, 0, 0],
    ...section(1, [[0x60, ...vector([[i32], [i32], [i64]]), ...vector([[i64]])]]),
    ...section(2, [[...name('env'), ...name('memory'), 2, 0, 1]]),
    ...section(3, [[0]]),
    ...section(7, [[...name('update'), 0, 0]]),
    ...section(10, [[...unsignedLeb(functionBody.length), ...functionBody]]),
  ])
}

/** Runs the body on so many bytes at `at`, then on those behind them, as long as there are as many. */
function inStepsOf(stepBytes: number, body: readonly number[]): number[] {
  const next = [...at.get, ...i32Const(stepBytes), ...i32Add]
  const leaveAtEnd = [...next, ...until.get, ...i32GreaterUnsigned, 0x0d, 1]
  const block = [0x02, 0x40]
  const loop = [0x03, 0x40]
  return [...block, ...loop, ...leaveAtEnd, ...body, ...next, ...at.set, 0x0c, 0, ...end, ...end]
}

/** The entry of a slice for one byte of a word. Entries have 8 bytes, so the byte is wanted times 8. */
function lookUp(word: typeof low, byte: number, slice: number): number[] {
  const shift = byte * 8 - 3
  const shifted = shift < 0 ? [...i64Const(-shift), ...i64ShiftLeft] : [...i64Const(shift), ...i64ShiftRight]
  return [...word.get, ...shifted, ...i32Wrap, ...i32Const(255 * 8), ...i32And, ...i64Load(slice * 256 * 8)]
}

function xorAll([first = [], ...rest]: readonly number[][]): number[] {
  return [...first, ...rest.flatMap((term) => [...term, ...i64Xor])]
}

function section(id: number, items: readonly number[][]): number[] {
  const content = vector(items)
  return [id, ...unsignedLeb(content.length), ...content]
}

function vector(items: readonly number[][]): number[] {
  return [...unsignedLeb(items.length), ...items.flat()]
}

function name(value: string): number[] {
  return vector(text(value).map((character) => [character]))
}

function text(value: string): number[] {
  return [...Buffer.from(value)]
}

function unsignedLeb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsignedLeb(value >>> 7)]
}

function signedLeb(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)]
}
