import type { Fate } from './bad-link.ts'
import { createRandom } from './random.ts'

const kinds = ['cut up', 'flip up', 'slow', 'cut down', 'late', 'flip down', 'cut late', 'whole'] as const
export type FateKind = (typeof kinds)[number]

const mebibyte = 1024 * 1024

/**
 * The fates of connections, the same for the same seed. Each kind has its turn; faults of the first connections come within their first
 * bytes, those of later ones anywhere in 24 MiB.
 */
export function createFates(seed: number, wanted: readonly FateKind[] = kinds): (connection: number) => Fate {
  return (connection) => {
    const random = createRandom(seed + connection * 7919)
    random()
    const kind = wanted[(connection + seed) % wanted.length] ?? 'whole'
    const mostBytes = connection < wanted.length || random() < 0.5 ? 1200 : 24 * mebibyte
    const afterBytes = Math.floor(mostBytes ** random())
    const direction = kind.endsWith('down') ? 'down' : 'up'
    return {
      ...(kind.startsWith('cut') && { cut: { direction, afterBytes, isReset: random() < 0.5 } }),
      ...(kind.startsWith('flip') && { flip: { direction, afterBytes, bit: Math.floor(random() * 8) } }),
      delayTurns: kind.endsWith('late') ? 1 + Math.floor(random() * 20) : 0,
      pieceBytes: kind === 'slow' ? 4096 + Math.floor(random() * 28_672) : mebibyte,
    }
  }
}
