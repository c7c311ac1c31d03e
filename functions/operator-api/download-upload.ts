import { Fault } from '#contract/fault.ts'
import { parseObjectKey } from '#contract/object-key.ts'
import { createPresigner } from '#contract/presign.ts'
import { encodeUri, type SigningCredentials } from '#contract/sigv4.ts'
import type { DownloadUploadResponse } from '#contract/upload-log-api.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import { showUpload } from './show-upload.ts'

export interface Downloading {
  readonly log: UploadLog
  /** Where the bucket is, without a slash at its end. */
  readonly bucketUrl: string
  readonly region: string
  readonly credentials: SigningCredentials
  readonly clock: () => Date
}

interface Wanted {
  readonly uploadId: string
  readonly thing?: string | undefined
  readonly seconds: number
}

/**
 * A URL to get an upload's file with. Whoever opens it is told to save the file and not to show it: a device could send
 * what a browser runs. Throws NOT_FOUND, and UPLOAD_STATE when no file is there.
 */
export async function downloadUpload(
  { log, bucketUrl, region, credentials, clock }: Downloading,
  { uploadId, thing, seconds }: Wanted,
): Promise<DownloadUploadResponse> {
  const { key, state, events } = await showUpload(log, uploadId, thing)
  if (state !== 'arrived') {
    throw new Fault('UPLOAD_STATE', `the upload is ${state}: there is no file`, {
      hint: `see what became of it: thingdrop uploads show ${uploadId}`,
    })
  }
  const { origin, host, pathname } = new URL(bucketUrl)
  const path = `${pathname.replace(/\/$/, '')}/${key.split('/').map(encodeUri).join('/')}`
  const query = {
    'response-cache-control': 'no-store',
    'response-content-disposition': `attachment; filename*=UTF-8''${encodeUri(parseObjectKey(key)?.name ?? 'file')}`,
  }
  const date = clock()
  const presign = createPresigner(region)
  const url = origin + presign({ method: 'GET', path, query, headers: { host } }, credentials, { date, seconds })
  // A signature knows whole seconds.
  const expiresAt = new Date((Math.floor(date.getTime() / 1000) + seconds) * 1000).toISOString()
  const sizeBytes = events[0]?.sizeBytes
  return { uploadId, key, url, expiresAt, ...(sizeBytes !== undefined && { sizeBytes }) }
}
