import type { SavedConfiguration } from './device-configuration.ts'
import { createPutPayload } from './put-payload.ts'
import { sendToS3, type Uploader } from './send-to-s3.ts'
import type { SourceFile } from './source-file.ts'

/** A name with a dot fits no wildcard certificate (Amazon S3 user guide, "Virtual hosting of buckets"), so it goes into the path, as with an endpoint of one's own. */
export function bucketUrl({ bucket, region, s3Endpoint }: SavedConfiguration): string {
  if (s3Endpoint !== undefined) return `${s3Endpoint.replace(/\/+$/, '')}/${bucket}`
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return bucket.includes('.') ? `https://s3.${region}.${domain}/${bucket}` : `https://${bucket}.s3.${region}.${domain}`
}

/** Stores the file in one request under a key that must not exist. Throws what sendToS3 throws, and FILE_CHANGED. */
export async function putObject(
  uploader: Uploader,
  key: string,
  file: SourceFile,
  headers: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<void> {
  const payload = (isTls: boolean) => createPutPayload(file, isTls)
  await sendToS3(uploader, { method: 'PUT', key, headers: { ...headers, 'if-none-match': '*' }, payload }, signal)
}
