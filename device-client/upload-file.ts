import type { UploadApi } from './by-url/upload-api.ts'
import { contentType } from './content-type.ts'
import { DeviceFault, isTransient } from './device-fault.ts'
import { putObject } from './put-object.ts'
import { retry } from './retry.ts'
import { type Sending, sendMultipart } from './send-multipart.ts'
import { openSourceFile } from './source-file.ts'

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
  const file = openSourceFile(path)
  try {
    if (file.identity !== identity) throw new DeviceFault('FILE_CHANGED', `${path} changed before it was read`)
    if (file.sizeBytes > maxObjectBytes) {
      throw new DeviceFault('FILE_TOO_LARGE', `${path} has ${file.sizeBytes} bytes`)
    }
    const headers = { 'content-type': contentType(file.name), ...pathMetadata(storedPath) }
    const { uploadApi, ...rest } = way
    const sending = { ...rest, file, headers }
    if (uploadApi !== undefined) {
      const { sendByUrl } = await import('./by-url/send-by-url.ts')
      return await sendByUrl({ ...sending, api: uploadApi })
    }
    if (file.sizeBytes > onePutBytes) await sendMultipart(sending)
    else await sendWhole(sending)
    return way.entry.key
  } finally {
    file.close()
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
