import { randomBytes } from 'node:crypto'

/** What a test draws its faults from: another with each run, or the one of SEED, to see a failure again. Tests have it in their names. */
export const seed = Number(process.env.SEED ?? randomBytes(4).readUInt32LE())

/** mulberry32: uniform in [0, 1), the same for the same seed. */
export function createRandom(from: number): () => number {
  let state = from
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
