import { extname } from 'node:path'

export const compressionFormats = ['gzip', 'zstd'] as const
export type CompressionFormat = (typeof compressionFormats)[number]

export const compressedSuffix: Readonly<Record<CompressionFormat, string>> = { gzip: '.gz', zstd: '.zst' }

/** Nothing is gained by compressing these again. */
const compressed = new Set(
  '.7z .br .bz2 .flac .gif .gz .heic .jpeg .jpg .m4a .mkv .mov .mp3 .mp4 .ogg .parquet .png .rar .tgz .webm .webp .xz .zip .zst'.split(
    ' ',
  ),
)

/** How a file of this name is compressed when it is to be. */
export function compressionOf(name: string, format: CompressionFormat | undefined): CompressionFormat | undefined {
  return format === undefined || compressed.has(extname(name).toLowerCase()) ? undefined : format
}
