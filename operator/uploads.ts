import type { z } from 'zod'
import { routes } from '#contract/routes.ts'
import {
  type DownloadUploadRequest,
  type DownloadUploadResponse,
  downloadUploadRequestSchema,
  downloadUploadResponseSchema,
  type ListUploadsResponse,
  listUploadsQuerySchema,
  listUploadsResponseSchema,
  type RebuildUploadsRequest,
  type RebuildUploadsResponse,
  rebuildUploadsRequestSchema,
  rebuildUploadsResponseSchema,
  type ShowUploadResponse,
  showUploadQuerySchema,
  showUploadResponseSchema,
} from '#contract/upload-log-api.ts'
import { uploadIdSchema } from '#contract/uploads-api.ts'
import type { CallApi } from './call-api.ts'
import { parseRequest } from './parse-request.ts'

export type ListUploadsQuery = Partial<z.output<typeof listUploadsQuerySchema>>
export type ShowUploadQuery = z.output<typeof showUploadQuerySchema>

/** One page of the upload log, newest first: of one thing or the fleet, over a range of event times. */
export async function listUploads(callApi: CallApi, query: ListUploadsQuery = {}): Promise<ListUploadsResponse> {
  return callApi({
    route: routes.listUploads,
    query: parseRequest(listUploadsQuerySchema, query),
    answer: listUploadsResponseSchema,
  })
}

/** All that is known of one upload. Throws NOT_FOUND. */
export async function showUpload(
  callApi: CallApi,
  uploadId: string,
  query: ShowUploadQuery = {},
): Promise<ShowUploadResponse> {
  return callApi({
    route: routes.showUpload,
    parameters: { uploadId: parseRequest(uploadIdSchema, uploadId) },
    query: parseRequest(showUploadQuerySchema, query),
    answer: showUploadResponseSchema,
  })
}

/** A URL that gives an upload's file to whoever has it, for at most 15 minutes. */
export async function downloadUpload(
  callApi: CallApi,
  uploadId: string,
  request: DownloadUploadRequest = {},
): Promise<DownloadUploadResponse> {
  return callApi({
    route: routes.downloadUpload,
    parameters: { uploadId: parseRequest(uploadIdSchema, uploadId) },
    body: parseRequest(downloadUploadRequestSchema, request),
    isRepeatable: true,
    answer: downloadUploadResponseSchema,
  })
}

/** Compares one page of the bucket's listing with the log, and mends the log when told to write. */
export async function rebuildUploads(
  callApi: CallApi,
  request: RebuildUploadsRequest = {},
): Promise<RebuildUploadsResponse> {
  return callApi({
    route: routes.rebuildUploads,
    body: parseRequest(rebuildUploadsRequestSchema, request),
    isRepeatable: true,
    answer: rebuildUploadsResponseSchema,
  })
}
