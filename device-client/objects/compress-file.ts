import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { DeviceFault } from '../device-fault.ts'
import { openSourceFile, type SourceFile } from '../source-file.ts'
import { type CompressionFormat, compressedSuffix } from './compression.ts'

/** Up to here a file is compressed in memory; above, into a file that outlives the process, so that parts can go on. */
const memoryBytes = 8 * 1024 * 1024
const staleMs = 7 * 86_400_000

/** zlib and zstd of one version make the same bytes of the same file; S3 refuses a completion of parts that do not fit together. */
const zlib = process.getBuiltinModule('node:zlib')

/**
 * What a file is compressed, to be sent in its place; `close` removes what was written for it unless it is to be gone on with. `folder` is
 * made when it is needed, `id` names the file in it. Throws FILE_CHANGED, COMPRESSION_UNAVAILABLE, COMPRESSION_FAILED.
 */
export async function compressFile(
  file: SourceFile,
  format: CompressionFormat,
  { folder, id }: { readonly folder: string; readonly id: string },
): Promise<SourceFile> {
  if (format === 'zstd' && zlib.zstdCompress === undefined) {
    throw new DeviceFault('COMPRESSION_UNAVAILABLE', `Node.js ${process.version} has no zstd`)
  }
  const name = file.name + compressedSuffix[format]
  if (file.sizeBytes <= memoryBytes) return ofBuffer(await compressWhole(file, format), file, name)
  const path = join(folder, id + compressedSuffix[format])
  if (!existsSync(path)) await writeCompressed(file, format, folder, path)
  const compressed = openSourceFile(path)
  return {
    ...compressed,
    name,
    checkUnchanged() {
      file.checkUnchanged()
      compressed.checkUnchanged()
    },
  }
}

/** Removes what was compressed for a file. */
export function removeCompressed(folder: string, id: string): void {
  for (const suffix of Object.values(compressedSuffix)) rmSync(join(folder, id + suffix), { force: true })
}

/** Removes what nobody went on with for a week. */
export function pruneCompressed(folder: string, now: Date): void {
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder)) {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false })
    if (stats !== undefined && now.getTime() - stats.mtimeMs > staleMs) rmSync(join(folder, name), { force: true })
  }
}

async function compressWhole(file: SourceFile, format: CompressionFormat): Promise<Buffer> {
  // A chunk is good until the next is taken.
  const content = Buffer.concat([...file.read()].map((chunk) => Buffer.from(chunk)))
  return format === 'gzip' ? await promisify(zlib.gzip)(content) : await promisify(zlib.zstdCompress)(content)
}

async function writeCompressed(
  file: SourceFile,
  format: CompressionFormat,
  folder: string,
  path: string,
): Promise<void> {
  const unfinished = `${path}.unfinished`
  function* chunks() {
    for (const chunk of file.read()) yield Buffer.from(chunk)
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const compressor = format === 'gzip' ? zlib.createGzip() : zlib.createZstdCompress()
    await pipeline(chunks(), compressor, createWriteStream(unfinished, { mode: 0o600 }))
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    if (error instanceof DeviceFault) throw error
    throw new DeviceFault('COMPRESSION_FAILED', `cannot compress into ${folder}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function ofBuffer(bytes: Buffer, file: SourceFile, name: string): SourceFile {
  const part = (start: number, sizeBytes: number) => ({
    sizeBytes,
    *read() {
      file.checkUnchanged()
      if (sizeBytes > 0) yield bytes.subarray(start, start + sizeBytes)
    },
  })
  return { ...file, ...part(0, bytes.length), name, part, close() {} }
}
