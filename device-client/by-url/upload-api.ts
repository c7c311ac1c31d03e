import { fillPath, routes } from '#contract/routes.ts'
import type {
  CreateUploadRequest,
  CreateUploadResponse,
  ListPartsResponse,
  SettleUploadResponse,
} from '#contract/uploads-api.ts'
import type { CallApi } from '../call-api.ts'
import { parseCreateUploadResponse, parseListPartsResponse, parseSettleUploadResponse } from '../parse-answers.ts'

/** The API's upload URLs, for one thing. Each method calls once and throws what CallApi throws. */
export interface UploadApi {
  /** The same upload for the same `idempotencyKey`, however often it is asked for. */
  create(request: CreateUploadRequest, idempotencyKey: string, signal?: AbortSignal): Promise<CreateUploadResponse>
  /** URLs of parts, from this number on. */
  listParts(uploadId: string, from: number, signal?: AbortSignal): Promise<ListPartsResponse>
  /** `crc32` is that of the whole file, as S3 writes it. */
  complete(uploadId: string, crc32: string, signal?: AbortSignal): Promise<SettleUploadResponse>
  /** Gives it up; `reason` tells operators what was refused. */
  abort(uploadId: string, reason: string, signal?: AbortSignal): Promise<SettleUploadResponse>
}

export function createUploadApi(call: CallApi, thing: string): UploadApi {
  const pathOf = (route: keyof typeof routes, uploadId = '') => fillPath(routes[route].path, { thing, uploadId })
  return {
    create: (request, idempotencyKey, signal) =>
      call(
        {
          method: routes.createUpload.method,
          path: pathOf('createUpload'),
          headers: { 'idempotency-key': idempotencyKey },
          body: JSON.stringify(request),
        },
        parseCreateUploadResponse,
        signal,
      ),
    listParts: (uploadId, from, signal) =>
      call(
        {
          method: routes.listUploadParts.method,
          path: pathOf('listUploadParts', uploadId),
          query: { from: String(from) },
        },
        parseListPartsResponse,
        signal,
      ),
    complete: (uploadId, crc32, signal) =>
      call(
        {
          method: routes.completeUpload.method,
          path: pathOf('completeUpload', uploadId),
          body: JSON.stringify({ crc32 }),
        },
        parseSettleUploadResponse,
        signal,
      ),
    abort: (uploadId, reason, signal) =>
      call(
        { method: routes.abortUpload.method, path: pathOf('abortUpload', uploadId), query: { reason } },
        parseSettleUploadResponse,
        signal,
      ),
  }
}
