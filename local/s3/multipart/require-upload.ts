import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { Upload } from '../storage/open-uploads.ts'

/** The upload that a request names, if it is one of that bucket and key. */
export function requireUpload(s3: S3State, { bucket, key, query }: S3Request): Upload {
  const id = query.get('uploadId') ?? ''
  const upload = s3.uploads.get(id)
  if (upload?.bucket !== bucket || upload.key !== key) throw s3Error('NoSuchUpload', { UploadId: id })
  return upload
}

const maxPartNumber = 10_000

export function parsePartNumber(query: URLSearchParams): number {
  const text = query.get('partNumber') ?? ''
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= maxPartNumber) return number
  const message = `Part number must be an integer between 1 and ${maxPartNumber}, inclusive`
  throw s3Error('InvalidArgument', { ArgumentName: 'partNumber', ArgumentValue: text }, { message })
}
