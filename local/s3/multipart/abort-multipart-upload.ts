import type { Call, HttpResponse } from '#local/service.ts'
import { authorizeObject } from '../authorize.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { requireUpload } from './require-upload.ts'

export async function abortMultipartUpload(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  authorizeObject(call, s3.buckets.require(request.bucket), request.key, 's3:AbortMultipartUpload')
  const upload = requireUpload(s3, request)
  await s3.index.commit((writer) => {
    for (const part of s3.uploads.parts(upload.id)) writer.removeData(part)
    s3.uploads.remove(upload.id)
  })
  return { status: 204 }
}
