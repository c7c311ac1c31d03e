import { posix } from 'node:path'
import type { UploadApi } from './by-url/upload-api.ts'
import { contentType } from './content-type.ts'
import { DeviceFault, isTransient } from './device-fault.ts'
import { type CompressionFormat, compressionOf } from './objects/compression.ts'
import { formatObjectHeaders, type ObjectOptions, type TemplateValues } from './objects/object-options.ts'
import { putObject } from './put-object.ts'
import { retry } from './retry.ts'
import { type Sending, sendMultipart } from './send-multipart.ts'
import { openSourceFile, type SourceFile } from './source-file.ts'

/** Above this, a file is sent in parts. */
const onePutBytes = 16 * 1024 * 1024
/** Amazon S3 user guide, "Amazon S3 multipart upload limits". */
const maxObjectBytes = 5 * 1024 ** 4

export interface PlannedFile {
  /** Absolute. */
  readonly path: string
  /** What it was when its key was drawn. */
  readonly identity: string
  /** Where it lay below the directory that is synced: kept with the object. */
  readonly storedPath: string | undefined
}

/** What sends a file: straight to S3, or by the URLs of the API when that is there. */
interface Way extends Omit<Sending, 'file' | 'headers'> {
  readonly uploadApi: (() => UploadApi) | undefined
  readonly objects: ObjectOptions
  /** Where large files are compressed. */
  readonly compressedDir: string
}

/**
 * Sends a file that has its key in the journal, notes there what became of it, and resolves with the key of the object. Throws DeviceFault (FILE_…, UPLOAD_…, the
 * credentials', the connection's); after FILE_CHANGED the file is out of the journal.
 */
export async function uploadFile(planned: PlannedFile, way: Way): Promise<string> {
  const { journal, entry } = way
  try {
    const key = await send(planned, way)
    journal.finish(entry, key)
    return key
  } catch (error) {
    if (!(error instanceof DeviceFault) || error.code === 'JOURNAL_UNUSABLE') throw error
    if (error.code === 'FILE_CHANGED') journal.drop(entry)
    else if (!isTransient(error)) journal.fail(entry, error.code)
    throw error
  }
}

async function send({ path, identity, storedPath }: PlannedFile, way: Way): Promise<string> {
  const { objects, compressedDir, uploader } = way
  const file = openSourceFile(path)
  try {
    if (file.identity !== identity) throw new DeviceFault('FILE_CHANGED', `${path} changed before it was read`)
    if (file.sizeBytes > maxObjectBytes) {
      throw new DeviceFault('FILE_TOO_LARGE', `${path} has ${file.sizeBytes} bytes`)
    }
    const values = templateValues(uploader().thingName, file, storedPath)
    const own = { ...pathMetadata(storedPath), ...formatObjectHeaders(objects, values) }
    const format = compressionOf(file.name, objects.compress)
    if (format === undefined) return await sendContent(file, own, way)
    return await sendCompressed(file, format, { own, compressedDir, way })
  } finally {
    file.close()
  }
}

async function sendCompressed(
  file: SourceFile,
  format: CompressionFormat,
  { own, compressedDir: folder, way }: { own: Record<string, string>; compressedDir: string; way: Way },
): Promise<string> {
  const { compressFile, removeCompressed } = await import('./objects/compress-file.ts')
  const id = String(way.entry.id)
  const compressed = await compressFile(file, format, { folder, id })
  try {
    const key = await sendContent(compressed, own, way)
    removeCompressed(folder, id)
    return key
  } catch (error) {
    if (error instanceof DeviceFault && error.code === 'FILE_CHANGED') removeCompressed(folder, id)
    throw error
  } finally {
    compressed.close()
  }
}

async function sendContent(file: SourceFile, own: Record<string, string>, way: Way): Promise<string> {
  const { uploadApi, ...rest } = way
  const sending = { ...rest, file, headers: { 'content-type': contentType(file.name), ...own } }
  if (uploadApi !== undefined) {
    const { sendByUrl } = await import('./by-url/send-by-url.ts')
    return await sendByUrl({ ...sending, api: uploadApi })
  }
  if (file.sizeBytes > onePutBytes) await sendMultipart(sending)
  else await sendWhole(sending)
  return way.entry.key
}

function templateValues(thing: string, file: SourceFile, storedPath = file.name): TemplateValues {
  const dir = posix.dirname(storedPath)
  return {
    thing,
    name: file.name,
    path: storedPath,
    dir: dir === '.' ? '' : dir,
    mtime: new Date(file.mtimeMs).toISOString(),
    size: String(file.sizeBytes),
  }
}

async function sendWhole({ uploader, runtime, entry, file, headers, retrying, onBytes }: Sending): Promise<void> {
  const put = async () => {
    try {
      await putObject(uploader(), entry.key, file, headers, retrying.signal)
    } catch (error) {
      // Nobody else can know the key, so what is there was put by an attempt whose answer was lost.
      if (!(error instanceof DeviceFault && error.code === 'OBJECT_EXISTS')) throw error
    }
  }
  await retry(put, runtime, retrying)
  onBytes(file.sizeBytes)
}

/** Metadata is ASCII (Amazon S3 user guide, "User-defined object metadata"): the path is percent-encoded. */
function pathMetadata(storedPath: string | undefined): Record<string, string> {
  return storedPath === undefined ? {} : { 'x-amz-meta-path': storedPath.split('/').map(encodeURIComponent).join('/') }
}
